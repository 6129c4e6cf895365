"""The answers' times as a picture: how many took how long, and of a search how late they came at each rate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from django.utils.safestring import SafeString

from reports.charts.svg import element, text, words
from simulator.loadtest.rate import Step
from simulator.loadtest.sample import P95_NEEDS, P99_NEEDS, Sample

WIDTH, LEFT, RIGHT = 900, 60, 40
PLOT, HEAD, GAP = 170, 40, 40
BUCKETS_A_DECADE = 10
BAR, HELD, MISSED, MARK, QUIET = "#33691e", "#2e7d32", "#c62828", "#1a237e", "#616161"


def draw(title: str, samples: Sequence[Sample], steps: Sequence[Step], path: Path, *, limit_ms: float) -> None:
    parts: list[SafeString] = [text(title, x=LEFT, y=24, font_size=16)]
    top = HEAD
    for sample in samples:
        if sample.seconds:
            parts += _times(sample, top)
            top += HEAD + PLOT + GAP
    if steps:
        parts += _rates(steps, top, limit_ms)
        top += HEAD + PLOT + GAP
    picture = element(
        "svg",
        words("title", title),
        element("rect", width="100%", height="100%", fill="white"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {top}",
        width=WIDTH,
        height=top,
        font_family="sans-serif",
        font_size=12,
        role="img",
    )
    path.write_text(f"{picture}\n", encoding="utf-8")


def _times(sample: Sample, top: int) -> Iterator[SafeString]:
    """On a scale of tens, since answers differ by factors."""
    places = [math.floor(BUCKETS_A_DECADE * math.log10(max(1000 * each, 0.1))) for each in sample.seconds]
    first = BUCKETS_A_DECADE * (min(places) // BUCKETS_A_DECADE)
    last = BUCKETS_A_DECADE * (max(places) // BUCKETS_A_DECADE + 1)
    amounts = [places.count(place) for place in range(first, last)]
    base, width = top + HEAD + PLOT, (WIDTH - LEFT - RIGHT) / (last - first)
    yield text(f"{sample.name}: {len(sample.seconds):,} answers", x=LEFT, y=top + 16, font_size=14)
    for place, amount in enumerate(amounts):
        height = amount / max(amounts) * PLOT
        yield element("rect", x=LEFT + place * width, y=base - height, width=width - 1, height=height, fill=BAR)
    yield from _axis(base)
    for place in range(first, last + 1, BUCKETS_A_DECADE):
        x = LEFT + (place - first) * width
        yield element("line", x1=x, x2=x, y1=base, y2=base + 5, stroke=QUIET)
        yield text(f"{10 ** (place // BUCKETS_A_DECADE):g} ms", x=x, y=base + 18, text_anchor="middle", fill=QUIET)
    lines = [(50, 1), (95, P95_NEEDS), (99, P99_NEEDS)]
    known = ((percent, sample.percentile(percent)) for percent, needs in lines if len(sample.seconds) >= needs)
    for place, (percent, milliseconds) in zip(count(), known, strict=False):
        x = LEFT + (BUCKETS_A_DECADE * math.log10(max(milliseconds, 0.1)) - first) * width
        y = top + HEAD - 8 + 14 * place
        yield element("line", x1=x, x2=x, y1=y, y2=base, stroke=MARK, stroke_dasharray="4 3")
        yield text(f"P{percent} {milliseconds:.1f} ms", x=x + 4, y=y + 8, fill=MARK)


def _rates(steps: Sequence[Step], top: int, limit_ms: float) -> Iterator[SafeString]:
    """``limit_ms`` lies at two thirds of the height; what is later ends at the upper edge."""
    base, fastest = top + HEAD + PLOT, max(step.rate for step in steps)
    yield text(f"99th percentile at each rate; the line is {limit_ms:g} ms", x=LEFT, y=top + 16, font_size=14)
    yield from _axis(base)
    y = base - PLOT * 2 / 3
    yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, stroke=MARK, stroke_dasharray="4 3")
    for step in steps:
        x = LEFT + step.rate / fastest * (WIDTH - LEFT - RIGHT - 40)
        y = base - min(step.p99_ms / limit_ms * 2 / 3, 1) * PLOT
        yield element("circle", cx=x, cy=y, r=5, fill=HELD if step.passed else MISSED)
        yield text(f"{step.rate:.0f}/s", x=x, y=base + 18, text_anchor="middle", fill=QUIET)
        yield text(f"{step.p99_ms:.0f}", x=x + 8, y=y + 4, fill=QUIET)


def _axis(base: float) -> Iterator[SafeString]:
    yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=base, y2=base, stroke=QUIET)
