"""Small SVG charts, legible on light and dark pages; ours in colour, the others in grey."""

from __future__ import annotations

import math
import re
from html import escape

_STYLE = """<style>
text{font:13px system-ui,sans-serif;fill:#333}.t{font-weight:600;font-size:14px}.o{fill:#0a7f62;stroke:#0a7f62}
.p{fill:#9aa3ad;stroke:#9aa3ad}line,polyline{fill:none!important;stroke-width:2}rect{stroke:none}
@media(prefers-color-scheme:dark){text{fill:#ddd}}
</style>"""
_LABELS, _BARS, _ROW = 250, 400, 24  # pixels


def bars(title: str, values: dict[str, float], axis: str, shown: str = "{:.0f}") -> str:
    """Return a horizontal bar for each value, from 0; `axis` says what is counted."""
    most = max(values.values())
    parts = [f'<text class="t" x="0" y="16">{escape(title)}</text>']
    for row, (name, value) in enumerate(values.items()):
        y, width = 30 + row * _ROW, max(1.0, value / most * _BARS)
        parts += [
            f'<text x="{_LABELS - 8}" y="{y + 14}" text-anchor="end">{_plain(name)}</text>',
            f'<rect class="{_class(name)}" x="{_LABELS}" y="{y + 2}" width="{width:.1f}" height="16"/>',
            f'<text x="{_LABELS + width + 6:.1f}" y="{y + 14}">{shown.format(value)}</text>',
        ]
    bottom = 36 + len(values) * _ROW
    parts.append(f'<text x="{_LABELS}" y="{bottom + 12}">{escape(axis)}</text>')
    return _svg(_LABELS + _BARS + 60, bottom + 20, parts)


def lines(title: str, steps: tuple[int, ...], values: dict[str, list[int]], axes: tuple[str, str]) -> str:
    """Return a line for each list of values, both axes logarithmic to base 2, with labels beside the lines' ends.

    `axes` says what is counted: from left to right, and upwards.
    """
    unit, left, bottom = 55, 52, 330
    right, middle = left + math.log2(steps[-1]) * unit, bottom - math.log2(steps[-1]) * unit / 2
    parts = [f'<text class="t" x="0" y="16">{escape(title)}</text>']
    for step in steps:
        place = math.log2(step) * unit
        parts.append(f'<text x="{left + place:.0f}" y="{bottom + 22}" text-anchor="middle">{step}</text>')
        parts.append(f'<text x="{left - 12}" y="{bottom - place + 5:.0f}" text-anchor="end">{step}</text>')
    free = float("inf")
    for name, counts in sorted(values.items(), key=lambda item: item[1][-1]):
        heights = [bottom - math.log2(max(count, 1)) * unit for count in counts]
        ends = [(left + math.log2(step) * unit, y) for step, y in zip(steps, heights, strict=True)]
        points = " ".join(f"{x:.0f},{y:.0f}" for x, y in ends)
        free = min(ends[-1][1] + 4, free - 17)  # labels do not overlap
        parts.append(f'<polyline class="{_class(name)}" points="{points}"/>')
        parts.append(f'<text x="{ends[-1][0] + 10:.0f}" y="{free:.0f}">{_plain(name)}</text>')
    across, up = map(escape, axes)
    parts += [
        f'<text x="{(left + right) / 2:.0f}" y="{bottom + 46}" text-anchor="middle">{across}</text>',
        f'<text transform="translate(14 {middle:.0f}) rotate(-90)" text-anchor="middle">{up}</text>',
    ]
    return _svg(640, bottom + 54, parts)


def _class(name: str) -> str:
    return "o" if name.startswith("**") else "p"


def _plain(name: str) -> str:
    return escape(name.replace("**", ""))


def _svg(width: int, height: int, parts: list[str]) -> str:
    """Return the drawing. Its first text is its title, for those who cannot see it."""
    title = re.sub("<[^>]+>", "", parts[0])
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            f"<title>{title}</title>",
            _STYLE,
            *parts,
            "</svg>",
            "",
        ]
    )
