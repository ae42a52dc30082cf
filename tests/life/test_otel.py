"""`otel.py`, `_life/tracing.py`: token requests as spans and metrics, by the SDK's own readers."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from loopback import SECRET, TOKEN, Answer, Loopback, grant_for, token_answer
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, Tracer

from oauth_cc_auth import InvalidClient, MemoryStore, TokenSource, forget_all, otel
from oauth_cc_auth._life import tracing


class Watched:
    """The spans and the metrics of one test."""

    def __init__(self) -> None:
        """Begin."""
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracing = TracerProvider()
        self.tracing.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.metering = MeterProvider([self.reader])
        self.undo = otel.instrument(self.tracing, self.metering)

    @property
    def tracer(self) -> Tracer:
        """What the test's own spans are made with."""
        return self.tracing.get_tracer("test")

    def spans(self) -> list[ReadableSpan]:
        """Return the spans of token requests."""
        return [span for span in self.exporter.get_finished_spans() if span.name == "oauth.token"]

    def counted(self) -> dict[str, list[dict[str, Any]]]:
        """Return the attributes of each metric's points."""
        read = self.reader.get_metrics_data()
        assert read is not None
        (scope,) = read.resource_metrics[0].scope_metrics
        return {
            metric.name: [dict(point.attributes or {}) for point in metric.data.data_points] for metric in scope.metrics
        }


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Instrument, and undo it."""
    watched = Watched()
    yield watched
    watched.undo()
    assert tracing.tracers == ()


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Run a token endpoint that numbers its tokens."""
    count = iter(range(1, 1000))
    with Loopback(lambda _: token_answer(f"{TOKEN} {next(count)}")) as server:
        yield server


def source_for(server: Loopback, **settings: Any) -> TokenSource:
    """Return a source whose token endpoint is this server."""
    return TokenSource(grant_for(f"{server.url}/token?key={SECRET[7:13]}"), **settings)


@pytest.mark.parametrize("is_async", [False, True])
def test_a_span_belongs_to_the_call_that_waits(watched: Watched, server: Loopback, is_async: bool) -> None:
    """It is a child of the caller's span, which it is linked to, and says the outcome; a call with a token has none."""
    source = source_for(server)
    with watched.tracer.start_as_current_span("caller") as caller:
        if is_async:
            asyncio.run(source.atoken())
        else:
            source.token()
        source.token()
    (span,) = watched.spans()
    assert span.kind is SpanKind.INTERNAL
    assert span.parent == caller.get_span_context()
    assert [link.context for link in span.links] == [caller.get_span_context()]
    assert dict(span.attributes or {}) == {"vendor": "127.0.0.1", "server.address": "127.0.0.1", "outcome": "obtained"}
    assert span.status.status_code is StatusCode.UNSET


def test_a_crowd_is_linked_to_one_span(watched: Watched, server: Loopback) -> None:
    """Each task that waits has its link, at most as many as help a reader."""
    source = source_for(server)

    async def call(number: int) -> None:
        with watched.tracer.start_as_current_span(f"caller {number}"):
            await source.atoken()

    async def crowd() -> None:
        await asyncio.gather(*map(call, range(40)))

    asyncio.run(crowd())
    (span,) = watched.spans()
    assert len({link.context.span_id for link in span.links}) == len(span.links) == 32


def test_a_failure(watched: Watched, server: Loopback) -> None:
    """The span is an error of its class, and neither it nor a metric holds the client, a URL's query or a secret."""
    server.replies = [Answer(401, {"error": "invalid_client", "error_description": SECRET})]
    with pytest.raises(InvalidClient):
        source_for(server).token()
    (span,) = watched.spans()
    assert span.status.status_code is StatusCode.ERROR
    expected = {
        "vendor": "127.0.0.1",
        "server.address": "127.0.0.1",
        "outcome": "failed",
        "error.type": "InvalidClient",
    }
    assert dict(span.attributes or {}) == expected
    assert span.links == ()
    assert watched.counted() == {"oauth.token.requests": [expected], "oauth.token.duration": [expected]}
    shown = span.to_json() + json.dumps(watched.counted())
    assert not [text for text in (SECRET, SECRET[7:13], "'client'") if text in shown]


def test_what_is_counted(watched: Watched, server: Loopback) -> None:
    """Requests by outcome, refusals, times of holding back, and failures of a store."""

    class Broken(MemoryStore):
        def save(self, key: str, token: object) -> None:
            raise OSError

    source = source_for(server)
    source.reject(source.token())
    source.reject(source.token())
    source_for(server, store=Broken()).token()
    store = MemoryStore()
    source_for(server, store=store).token()
    forget_all()
    source_for(server, store=store).token()
    counted = watched.counted()
    outcomes = {point["outcome"] for point in counted["oauth.token.requests"]}
    assert outcomes == {"obtained", "renewed", "loaded"}
    whose = [{"vendor": "127.0.0.1", "server.address": "127.0.0.1"}]
    assert [counted[name] for name in ("oauth.token.refusals", "oauth.token.held_back", "oauth.store.failures")] == [
        whose,
        whose,
        whose,
    ]


def test_it_can_be_undone(watched: Watched, server: Loopback) -> None:
    """After that nothing is traced or counted."""
    watched.undo()
    source_for(server).token()
    assert watched.spans() == []


def test_a_missing_library_says_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where OpenTelemetry is not installed, the error says how to install it."""
    monkeypatch.delitem(sys.modules, "oauth_cc_auth.otel")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ImportError, match=r"pip install .oauth-cc-auth\[otel\]"):
        import_module("oauth_cc_auth.otel")
