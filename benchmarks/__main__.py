"""``make bench``: measure every library in one run, print Markdown tables, say the machine and the versions.

With ``--write-docs`` the tables of docs/benchmarks.md are replaced, between their markers, and its charts drawn anew.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import fleet, herd, hot_path, imports, memory, plots, processes, rollover
from benchmarks.peers import PEERS
from benchmarks.server import Server

DOCS = Path(__file__).parent.parent / "docs"
NONE = "—"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table, numbers to the right."""
    first, *rest = head
    lines = [[first, *rest], ["---", *("---:" for _ in rest)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def about() -> str:
    """Say the machine and the versions."""
    pins = (Path(__file__).parent / "requirements.txt").read_text().splitlines()
    names = [line.partition("==")[0] for line in pins if "==" in line]
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    return f"{machine}; " + ", ".join(f"{name} {version(name)}" for name in names)


def hot_path_table(results: dict[str, list[tuple[float, float]]]) -> str:
    """Ratios to a static header."""
    rows = []
    for name, measured in results.items():
        (ratio, base), *bare = measured
        rows.append([name, f"{ratio:.2f}", f"{bare[0][0]:.2f}" if bare else NONE, f"{base:.0f}"])
    head = ("library", "to a static header", "with `trust_env=False`", "static header, µs")
    return table(head, rows)


def herd_table(results: dict[str, dict[str, list[int]]]) -> str:
    """Token requests / failed calls."""
    rows = []
    for peer in PEERS:
        callers, what = (herd.TASKS, "tasks") if peer.asynchronous else (herd.THREADS, "threads")
        # No token request after a revocation: the library does not react to a 401.
        cells = [f"{requests or NONE} / {failed}" for failed, requests in results[peer.name].values()]
        rows.append([peer.name, f"{callers} {what}, {callers * herd.CALLS} calls", *cells])
    return table(("library", "callers", *herd.PHASES), rows)


def rollover_table(results: dict[str, dict[str, float]]) -> str:
    """Slowest calls, and what failed."""
    head = ("library", "slowest call, ms", "calls that waited", "failed calls", "token requests")
    rows = [
        [name, f"{row['slowest']:.0f}", f"{row['waited']:.0f}", f"{row['failed']:.0f}", f"{row['requests']:.0f}"]
        for name, row in results.items()
    ]
    return table(head, rows)


def outage_table(results: dict[str, dict[str, float]]) -> str:
    """What fails while the token lives."""
    head = ("library", "failed calls", "seconds of life lost")
    return table(
        head,
        [[name, f"{row['failed']:.0f} of {row['calls']:.0f}", f"{row['since']:.0f}"] for name, row in results.items()],
    )


def imports_table(results: dict[str, list[float]]) -> str:
    """Ratios to the HTTP library alone."""
    rows = [[peer.name, peer.library, *(f"{ratio:.2f}" for ratio in results[peer.name])] for peer in PEERS]
    return table(("library", "over", "import", "import to first answer"), rows)


def memory_table(results: dict[str, tuple[int, float]] | None) -> str:
    """Kilobytes a grant."""
    if results is None:
        return "Not measured: this system does not tell what a process weighs."
    rows = [[name, f"{kilobytes:.1f}", f"{grants:,}"] for name, (grants, kilobytes) in results.items()]
    return table(("library", "kB a grant", "grants measured"), rows)


def processes_table(results: dict[str, Any]) -> str:
    """Token requests of several processes."""
    rows = []
    for kind, counts in results.items():
        if counts is None:
            rows.append([kind, *(NONE for _ in processes.SIZES), "no redis-server here"])
        else:
            rows.append([kind, *(requests for requests, _ in counts), sum(failed for _, failed in counts)])
    return table(("store", *processes.SIZES, "failed calls"), rows)


def fleet_table(results: dict[str, Any]) -> str:
    """Token requests, commands of a worker, and seconds from the first worker's token to the last one's."""
    rows = []
    for kind, sizes in results.items():
        if sizes is None:
            rows.append([kind, *(NONE for _ in fleet.SIZES), "no redis-server here"])
            continue
        cells = [f"{row['requests']:.0f} / {_commands(row['commands'])} / {row['spread']:.1f} s" for row in sizes]
        rows.append([kind, *cells, f"{sum(row['failed'] for row in sizes):.0f}"])
    return table(("store", *(f"{size:,}" for size in fleet.SIZES), "failed"), rows)


def _commands(each: float) -> str:
    return f"{each:.1f}" if each else NONE


def charts(results: dict[str, Any]) -> dict[str, str]:
    """Return the SVG files for the docs."""
    shared = {kind: [n for n, _ in counts] for kind, counts in results["processes"].items() if counts}
    expired = {peer.name: results["herd"][peer.name]["expired"] for peer in PEERS}
    herds = {f"{name}, {failed} calls failed" if failed else name: sent for name, (failed, sent) in expired.items()}
    return {
        "benchmarks-hot-path.svg": plots.bars(
            "A call over one with a static header (requests: trust_env=False)",
            {name: measured[-1][0] for name, measured in results["hot-path"].items()},
            "times the call with a static header",
            "{:.2f}",
        ),
        "benchmarks-herd.svg": plots.bars(
            "Token requests when the token of 64 threads or 200 tasks expires", herds, "token requests"
        ),
        "benchmarks-rollover.svg": plots.bars(
            "Slowest call when a token ends; a token request takes 500 ms",
            {name: row["slowest"] for name, row in results["rollover"].items()},
            "milliseconds",
        ),
        "benchmarks-fleet.svg": plots.bars(
            "From the first to the last of 1,000 workers with a token",
            {kind: sizes[-1]["spread"] for kind, sizes in results["fleet"].items() if sizes},
            "seconds",
            "{:.1f}",
        ),
        "benchmarks-processes.svg": plots.lines(
            "Token requests of 1 to 32 processes",
            processes.SIZES,
            shared,
            ("processes that start together", "token requests"),
        ),
    }


def write_docs(tables: dict[str, str], results: dict[str, Any]) -> None:
    """Replace what stands between the markers, and draw the charts."""
    page = DOCS / "benchmarks.md"
    text = page.read_text()
    for name, markdown in tables.items():
        text, found = re.subn(
            rf"(<!-- measured: {name} -->\n).*?(\n<!-- end -->)",
            lambda match, markdown=markdown: f"{match[1]}\n{markdown}\n{match[2]}",
            text,
            flags=re.DOTALL,
        )
        assert found == 1, name
    page.write_text(text)
    for name, svg in charts(results).items():
        (DOCS / name).write_text(svg)


def main() -> None:
    """Measure, print, and write the docs if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--write-docs", action="store_true", help="replace the tables and charts in docs/")
    options = parser.parse_args()
    start, results, tables = time.monotonic(), {}, {"machine": about()}
    print(tables["machine"], flush=True)
    with Server() as place:
        for name, measure, tabulate in (
            ("hot-path", hot_path.measure, hot_path_table),
            ("herd", lambda: herd.measure(place), herd_table),
            ("rollover", lambda: rollover.measure_rollover(place), rollover_table),
            ("outage", lambda: rollover.measure_outage(place), outage_table),
            ("processes", lambda: processes.measure(place), processes_table),
            ("fleet", lambda: fleet.measure(place), fleet_table),
            ("imports", lambda: imports.measure(place), imports_table),
            ("memory", memory.measure, memory_table),
        ):
            results[name] = measure()  # type: ignore[operator]  # rows of one shape
            tables[name] = tabulate(results[name])  # type: ignore[arg-type]  # as above
            print(f"\n## {name}\n\n{tables[name]}", flush=True)
    print(f"\n{time.monotonic() - start:.0f} s", file=sys.stderr)
    if options.write_docs:
        write_docs(tables, results)


if __name__ == "__main__":
    main()
