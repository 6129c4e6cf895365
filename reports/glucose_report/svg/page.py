"""The whole page as one SVG, laid out as the PDF is."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.safestring import SafeString

from reports.charts.svg import element, picture, text
from reports.glucose_report.content import Day, ReportContent
from reports.glucose_report.subject import Paper
from reports.glucose_report.svg.bar import standing_bar
from reports.glucose_report.svg.paint import FAINT, INK, QUIET, RULE
from reports.glucose_report.svg.plots import labelled, plotted

SIZES = {Paper.A4: (595.0, 842.0), Paper.LETTER: (612.0, 792.0)}
MARGIN = 36.0
FAMILY = "Inter, Helvetica, Arial, sans-serif"
BAR, CURVE, WARNING, FOOTER = 152.0, 176.0, 16.0, 66.0
DAYS_OF_A_WEEK, HIGHEST_DAY = 7, 92.0


def report_svg(content: ReportContent) -> str:
    width, height = SIZES[Paper(content.paper)]
    return picture(
        "report",
        width=width,
        height=height,
        title=f"{content.title} – {content.patient_name}",  # noqa: RUF001
        description=content.ranges.missing or content.ranges.description,
        children=[
            element("rect", width=width, height=height, fill="#fff"),
            element("g", *_page(content, width, height), font_family=FAMILY, xml_lang=content.language),
        ],
    ).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def _page(content: ReportContent, width: float, height: float) -> Iterator[SafeString]:
    right = width - MARGIN
    yield from _header(content, right)
    y = 104.0
    for warning in content.warnings:
        yield element("rect", x=MARGIN, y=y, width=right - MARGIN, height=WARNING - 3, fill="#f4f5f7")
        yield element("rect", x=MARGIN, y=y, width=2.5, height=WARNING - 3, fill=INK)
        yield text(warning, x=MARGIN + 8, y=y + 9.5, font_size=7.4, fill=INK)
        y += WARNING
    middle = MARGIN + (right - MARGIN) * 0.61
    yield from _ranges(content, y, middle - 18)
    yield from _metrics(content, y, middle, right)
    y += BAR + 44
    yield from _curve(content, y, right)
    y += CURVE + 42
    yield from _days(content, y, right, height - MARGIN - FOOTER)
    yield from _footer(content, right, height - MARGIN)


def _header(content: ReportContent, right: float) -> Iterator[SafeString]:
    yield text(content.title, x=MARGIN, y=MARGIN + 11, font_size=13.5, font_weight="600", fill=INK)
    yield text(content.patient_name, x=MARGIN, y=MARGIN + 27, font_size=11, font_weight="600", fill=INK)
    who = "   ".join(f"{fact.label}: {fact.value}" for fact in content.patient)
    yield text(who, x=MARGIN, y=MARGIN + 42, font_size=7.8, fill=INK)
    yield text(content.clinic, x=right, y=MARGIN + 9, font_size=7.8, font_weight="600", fill=INK, text_anchor="end")
    for line, fact in enumerate(content.period):
        said = f"{fact.label}: {fact.value}"
        yield text(said, x=right, y=MARGIN + 23 + 11 * line, font_size=7.8, fill=INK, text_anchor="end")


def _section(title: str, side: str, x: float, y: float, right: float) -> Iterator[SafeString]:
    yield text(title, x=x, y=y + 10, font_size=9.2, font_weight="600", fill=INK)
    yield text(side, x=right, y=y + 10, font_size=6.4, fill=QUIET, text_anchor="end")
    yield element("rect", x=x, y=y + 14, width=right - x, height=0.6, fill=RULE)


def _missing(words: str, x: float, y: float, right: float, height: float) -> Iterator[SafeString]:
    yield element("rect", x=x, y=y, width=right - x, height=height, fill="#f4f5f7", stroke=RULE, stroke_width=0.6)
    middle = (x + right) / 2
    # No text wraps by itself in an SVG: the first half says enough to stand on one line of a narrow box.
    lines = words.split(": ", 1) if right - x < 300 else [words]
    for line, said in enumerate(lines):
        yield text(
            said, x=middle, y=y + height / 2 + 12 * line, font_size=8, font_weight="600", fill=INK, text_anchor="middle"
        )


def _ranges(content: ReportContent, y: float, right: float) -> Iterator[SafeString]:
    section = content.ranges
    yield from _section(section.title, section.subtitle, MARGIN, y, right)
    if section.missing:
        yield from _missing(section.missing, MARGIN, y + 20, right, BAR + 12)
        return
    yield from standing_bar(section, "report-bar", x=MARGIN, y=y + 20, height=BAR)
    yield text("   ".join(section.notes), x=MARGIN, y=y + BAR + 32, font_size=6.8, fill=QUIET)


def _metrics(content: ReportContent, y: float, x: float, right: float) -> Iterator[SafeString]:
    section = content.metrics
    yield from _section(section.title, "", x, y, right)
    if section.missing:
        yield from _missing(section.missing, x, y + 20, right, BAR + 12)
        return
    y += 18
    for metric in section.metrics:
        yield text(metric.label, x=x, y=y + 11, font_size=7.4, font_weight="600", fill=INK)
        yield text(f"{metric.value} {metric.unit}", x=right, y=y + 15, font_size=11, font_weight="600", fill=INK,
                   text_anchor="end")  # fmt: skip
        for line, said in enumerate(words for words in (metric.goal, metric.note) if words):
            yield text(said, x=x, y=y + 21 + 9 * line, font_size=6.4, fill=QUIET)
        y += 38
        yield element("rect", x=x, y=y, width=right - x, height=0.5, fill=FAINT)
    for line, note in enumerate(section.notes):
        yield text(note, x=x, y=y + 12 + 10 * line, font_size=6.8, fill=QUIET)


def _curve(content: ReportContent, y: float, right: float) -> Iterator[SafeString]:
    section = content.curve
    yield from _section(section.title, f"{section.unit} · {section.description}", MARGIN, y, right)
    if section.plot is None:
        yield from _missing(section.missing, MARGIN, y + 20, right, CURVE + 12)
        return
    box: dict[str, float] = {"x": MARGIN + 34, "y": y + 20, "width": right - MARGIN - 60, "height": CURVE}
    yield from plotted(section.plot, **box)
    yield from labelled(section.plot, **box, size=6.8)


def _days(content: ReportContent, y: float, right: float, bottom: float) -> Iterator[SafeString]:
    section = content.days
    yield from _section(section.title, section.description, MARGIN, y, right)
    y += 18
    if section.missing:
        yield from _missing(section.missing, MARGIN, y + 2, right, bottom - y - 2)
        return
    weeks = -(-len(section.days) // DAYS_OF_A_WEEK)
    deep = min((bottom - y) / weeks - 26, HIGHEST_DAY)
    wide = (right - MARGIN - 20) / DAYS_OF_A_WEEK
    for number, day in enumerate(section.days):
        row, column = divmod(number, DAYS_OF_A_WEEK)
        left, top = MARGIN + 20 + column * wide, y + row * (deep + 26)
        yield from _day(day, left, top, wide - 4, deep, is_first=not column)


def _day(day: Day, x: float, y: float, width: float, height: float, *, is_first: bool) -> Iterator[SafeString]:
    yield text(f"{day.weekday} {day.date}", x=x, y=y + 8, font_size=6.8, font_weight="600", fill=INK)
    box: dict[str, float] = {"x": x, "y": y + 11, "width": width, "height": height}
    yield from plotted(day.plot, **box)
    if is_first:
        yield from labelled(day.plot, **box, size=5.6)
    if day.missing:
        yield text(day.missing, x=x + width / 2, y=y + 22, font_size=6.2, fill=QUIET, text_anchor="middle")
    yield text(day.in_range, x=x, y=y + height + 19, font_size=6, fill=QUIET)
    yield text(day.mean, x=x + width, y=y + height + 19, font_size=6, fill=QUIET, text_anchor="end")


def _footer(content: ReportContent, right: float, bottom: float) -> Iterator[SafeString]:
    wide = (right - MARGIN + 20) / len(content.signature)
    for number, words in enumerate(content.signature):
        x = MARGIN + number * wide
        yield element("rect", x=x, y=bottom - 44, width=wide - 20, height=0.6, fill=QUIET)
        yield text(words, x=x, y=bottom - 35, font_size=6.8, fill=QUIET)
    for line, words in enumerate(reversed(content.footer)):
        yield text(words, x=MARGIN, y=bottom - 2 - 8.5 * line, font_size=6.2, fill=QUIET)
    yield text(content.page, x=right, y=bottom - 2, font_size=6.8, font_weight="600", fill=INK, text_anchor="end")
