"""Spans and metrics of token requests for OpenTelemetry: ``oauth_cc_auth.otel.instrument()``.

Each token request is a span `oauth.token` (INTERNAL), a child of the span of the call that started it and linked to the
spans of all calls that wait for it. Requires the extra: ``pip install "oauth-cc-auth[otel]"``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from oauth_cc_auth._text import needs

try:
    from opentelemetry import metrics, trace
except ImportError as missing:
    message = needs("oauth_cc_auth.otel", "OpenTelemetry", "otel")
    raise ImportError(message) from missing

from oauth_cc_auth._hearing import on_event
from oauth_cc_auth._life import tracing
from oauth_cc_auth._raising import whose
from oauth_cc_auth.events import Event, RenewalHeldBack, StoreFailed, TokenRefused

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import SpanContext, TracerProvider

    from oauth_cc_auth._life.report import Report

__all__ = ["instrument"]

_SCOPE = "oauth_cc_auth"

# A thousand callers may wait for one token request; a span with as many links helps nobody.
_LINKS = 32


def instrument(
    tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
) -> Callable[[], None]:
    """Trace and count token requests from now on; return the function that ends this.

    Without providers, those of the process are used. The metrics are `oauth.token.requests`, `oauth.token.duration` (a
    histogram, in seconds), `oauth.token.refusals`, `oauth.token.held_back` and `oauth.store.failures`. Attributes are
    `vendor`, `server.address`, `outcome` ("obtained", "renewed", "loaded" or "failed") and `error.type`.
    """
    watching = _Instrument(tracer_provider, meter_provider)
    tracing.add(watching)
    undo = on_event(watching.count)

    def end() -> None:
        tracing.remove(watching)
        undo()

    return end


class _Instrument:
    def __init__(self, tracer_provider: TracerProvider | None, meter_provider: MeterProvider | None) -> None:
        self._tracer = trace.get_tracer(_SCOPE, tracer_provider=tracer_provider)
        meter = metrics.get_meter(_SCOPE, meter_provider=meter_provider)
        self._requests = meter.create_counter("oauth.token.requests", "{request}", "Token requests by outcome")
        self._seconds = meter.create_histogram("oauth.token.duration", "s", "How long token requests took")
        self._counters = {
            TokenRefused: meter.create_counter("oauth.token.refusals", "{token}", "Tokens that an API refused"),
            RenewalHeldBack: meter.create_counter("oauth.token.held_back", "{time}", "Renewals that were held back"),
            StoreFailed: meter.create_counter("oauth.store.failures", "{failure}", "Failures of a token store"),
        }

    def count(self, event: Event) -> None:
        counter = self._counters.get(type(event))
        if counter is not None:
            counter.add(1, {"vendor": event.vendor, "server.address": event.host})

    def waits(self) -> SpanContext:
        return trace.get_current_span().get_span_context()

    @contextmanager
    def exchange(self, report: Report, callers: list[tuple[tracing.Tracer, object]]) -> Iterator[None]:
        vendor, endpoint, _, _ = whose(report.grant)
        host = urlsplit(endpoint or "").hostname or ""
        attributes = {"vendor": vendor or host, "server.address": host}
        began = time.monotonic()
        with self._tracer.start_as_current_span(
            "oauth.token", attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except BaseException as error:
                attributes["error.type"] = type(error).__name__
                span.set_status(trace.StatusCode.ERROR)
                raise
            finally:
                attributes["outcome"] = report.outcome
                span.set_attributes(attributes)
                for context in self._known(callers)[:_LINKS]:
                    span.add_link(context)
                self._requests.add(1, attributes)
                self._seconds.record(time.monotonic() - began, attributes)

    def _known(self, callers: list[tuple[tracing.Tracer, object]]) -> list[SpanContext]:
        """Return each caller's span once; a caller without a span has none."""
        contexts = [known for tracer, known in list(callers) if tracer is self and isinstance(known, trace.SpanContext)]
        return list({context.span_id: context for context in contexts if context.is_valid}.values())
