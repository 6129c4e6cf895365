from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from reports.charts.bands import ABOVE_SCALE, BELOW_SCALE, Bucket, Calendar, band_chart
from reports.charts.frame import NARROW, WIDE, frame_for
from reports.charts.range_bar import range_bar
from reports.charts.ranges import Range, Target, percent_words, whole_percents
from reports.charts.sparkline import sparkline
from reports.charts.svg import element, text
from reports.charts.trace import Point, Window, gap_limit, runs, trace_chart

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TARGET = Target()
GAP = timedelta(minutes=20)
BERLIN = ZoneInfo("Europe/Berlin")


def window(until=NOW, zone=BERLIN):
    return Window(until - timedelta(hours=24), until, zone)


def every_five_minutes(*values, until=NOW):
    first = until - timedelta(minutes=5 * (len(values) - 1))
    return [Point(first + timedelta(minutes=5 * index), value) for index, value in enumerate(values)]


def draw(points, *, unit="mg/dL", size=WIDE, seen=None, target=TARGET):
    svg = trace_chart(
        "day", points, seen or window(), unit=unit, target=target, gap=GAP, size=size, description="Said in words."
    )
    return ElementTree.fromstring(svg)  # noqa: S314 - our own


def texts(svg):
    return [node.text for node in svg.iter("text")]


def with_class(svg, name):
    return [node for node in svg.iter() if name in node.get("class", "").split()]


@pytest.mark.parametrize(
    ("glucose", "flag", "expected"),
    [
        (39, -1, Range.VERY_LOW),
        (53, 0, Range.VERY_LOW),
        (54, 0, Range.LOW),
        (69, 0, Range.LOW),
        (70, 0, Range.IN_RANGE),
        (180, 0, Range.IN_RANGE),
        (181, 0, Range.HIGH),
        (250, 0, Range.HIGH),
        (251, 0, Range.VERY_HIGH),
        (401, 1, Range.VERY_HIGH),
        (100, 1, Range.VERY_HIGH),
    ],
)
def test_limits_of_the_five_ranges(glucose, flag, expected):
    assert TARGET.classify(glucose, flag) is expected


def test_a_narrower_target_moves_low_and_high_only():
    target = Target(low=63, high=140)
    assert [target.classify(value) for value in (53, 60, 63, 141, 251)] == list(Range)


def test_ranges_that_a_wide_target_leaves_empty_are_not_told():
    wide = Target(low=54, high=250)
    assert [part for part in Range if wide.has(part)] == [Range.VERY_LOW, Range.IN_RANGE, Range.VERY_HIGH]
    assert all(TARGET.has(part) for part in Range)
    assert texts(draw([], target=wide)).count("250") == 1


@pytest.mark.parametrize("counts", [(1, 1, 1, 0, 0), (1, 199, 0, 0, 0), (3, 3, 3, 3, 5), (0, 0, 7, 0, 0)])
def test_percentages_sum_to_a_hundred(counts):
    assert sum(whole_percents(dict(zip(Range, counts, strict=True))).values()) == 100


def test_a_small_share_is_not_told_as_zero():
    assert percent_words(1, 0) == "<1%"
    assert percent_words(0, 0) == "0%"


@pytest.mark.promise(51)
def test_texts_and_attributes_are_escaped():
    assert text("<script>", title='"><b>') == '<text title="&quot;&gt;&lt;b&gt;">&lt;script&gt;</text>'
    assert element("rect", stroke_width=1.25, class_="a") == '<rect stroke-width="1.2" class="a"/>'


def test_a_line_joins_readings_without_a_gap():
    (line,) = with_class(draw(every_five_minutes(100, 110, 120)), "chart-line")
    assert len(line.get("points").split()) == 3


@pytest.mark.parametrize(("minutes", "stretches"), [(20, 1), (21, 2)])
def test_no_line_crosses_more_than_twenty_minutes(minutes, stretches):
    points = [Point(NOW - timedelta(minutes=minutes), 100), Point(NOW, 110)]
    assert len(list(runs(points, GAP))) == stretches


def test_a_slower_sensor_has_longer_gaps():
    assert gap_limit(300) == timedelta(minutes=20)
    assert gap_limit(900) == timedelta(minutes=37.5)


def test_low_and_high_stand_at_the_edges_as_words_and_never_as_numbers():
    points = [Point(NOW - timedelta(hours=3), 39, -1), Point(NOW - timedelta(hours=1), 401, 1), Point(NOW, 110)]
    svg = draw(points)
    assert {"Low", "High"} <= set(texts(svg))
    assert not {"39", "401"} & set(texts(svg))
    assert with_class(svg, "chart-line") == []
    frame = frame_for(WIDE, "mg/dL", TARGET, 400)
    assert frame.y(0, -1) > frame.y(40)
    assert frame.y(0, 1) < frame.y(400)


def test_one_word_for_a_stretch_of_lows():
    points = [Point(NOW - timedelta(minutes=5 * n), 39, -1) for n in range(6, 0, -1)]
    assert texts(draw(points)).count("Low") == 1


def test_each_range_has_a_shape_of_its_own():
    svg = draw(every_five_minutes(45, 60, 100, 200, 300))
    shapes = {}
    for part in Range:
        (node,) = with_class(svg, f"range-{part.value}")
        numbers = node.get("points", "circle")
        shapes[part] = len(numbers.split()) if numbers != "circle" else numbers
    assert shapes == {
        Range.VERY_LOW: 3,
        Range.LOW: 4,
        Range.IN_RANGE: "circle",
        Range.HIGH: 4,
        Range.VERY_HIGH: 3,
    }


def test_one_reading_is_a_mark_without_a_line():
    svg = draw([Point(NOW, 100)])
    assert len(with_class(svg, "range-in-range")) == 1
    assert with_class(svg, "chart-line") == []


def test_no_readings_leave_the_axes():
    svg = draw([])
    assert "180" in texts(svg)
    assert list(svg.iter("circle")) == []


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_the_axis_is_in_the_clinics_unit(size):
    assert {"54", "70", "180", "250"} <= set(texts(draw([], size=size)))
    in_mmol = set(texts(draw([], unit="mmol/L", size=size)))
    assert {"3.0", "3.9", "10.0", "13.9"} <= in_mmol
    assert not {"70", "180"} & in_mmol


def test_a_value_stands_at_the_same_height_in_both_units():
    heights = {frame_for(WIDE, unit, TARGET, 200).y(123) for unit in ("mg/dL", "mmol/L")}
    assert len(heights) == 1


def test_the_axis_reaches_to_400_where_it_is_needed():
    assert frame_for(WIDE, "mg/dL", TARGET, 290).top_value == 300
    assert frame_for(WIDE, "mg/dL", TARGET, 291).top_value == 400


def test_hours_are_those_of_the_patients_clock():
    assert "13:00" not in texts(draw([]))
    shown = [label for label in texts(draw([])) if re.fullmatch(r"\d\d:\d\d", label)]
    assert shown == ["15:00", "18:00", "21:00", "00:00", "03:00", "06:00", "09:00", "12:00"]


def test_a_zone_with_a_half_hour_has_full_hours_on_its_axis():
    shown = [label for label in texts(draw([], seen=window(zone=ZoneInfo("Asia/Kolkata")))) if ":" in label]
    assert shown[0] == "18:00"


def test_the_day_the_clocks_go_forward_has_no_hour_that_was_none():
    until = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)
    shown = [label for label in texts(draw([], seen=window(until))) if re.fullmatch(r"\d\d:\d\d", label)]
    # 02:00 did not exist; 24 hours before 12:00 it was 11:00.
    assert shown == ["12:00", "15:00", "18:00", "21:00", "00:00", "03:00", "06:00", "09:00", "12:00"]


def test_the_picture_says_what_it_shows():
    svg = draw([])
    described = [svg.find(name).get("id") for name in ("title", "desc")]
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby").split() == described
    assert svg.find("desc").text == "Said in words."


CALENDAR = Calendar(datetime(2026, 3, 1), 14, timedelta(hours=3))  # noqa: DTZ001 - a clock on the wall


def bands(*buckets, unit="mg/dL", calendar=CALENDAR):
    svg = band_chart("days", buckets, calendar, unit=unit, target=TARGET, size=WIDE, description="Said in words.")
    return ElementTree.fromstring(svg)  # noqa: S314 - our own


def test_a_stretch_is_cut_at_the_limits_of_the_ranges():
    svg = bands(Bucket(CALENDAR.first, 36, 50, 100, 120, 150, 260))
    parts = [node.get("class").split()[0] for node in with_class(svg, "band-extent")]
    assert parts == [f"range-{part.value}" for part in Range]
    assert [node.get("class").split()[0] for node in with_class(svg, "band-middle")] == ["range-in-range"]
    assert len(with_class(svg, "chart-median")) == 1


def test_low_and_high_of_a_stretch_are_marked_at_the_edges():
    svg = bands(Bucket(CALENDAR.first, 36, BELOW_SCALE, 100, 120, 150, ABOVE_SCALE))
    assert len(list(svg.iter("polygon"))) == 2
    assert str(ABOVE_SCALE) not in texts(svg)


def test_a_stretch_of_only_lows_stands_at_the_edge():
    svg = bands(Bucket(CALENDAR.first, 5, *([BELOW_SCALE] * 5)))
    assert {node.get("class").split()[0] for node in with_class(svg, "band-middle")} == {"range-very-low"}


def test_stretches_without_readings_are_left_empty():
    svg = bands(Bucket(CALENDAR.first, 1, *([100] * 5)), Bucket(CALENDAR.first + timedelta(days=13), 1, *([100] * 5)))
    assert len(with_class(svg, "chart-median")) == 2


def test_three_months_are_told_by_weeks():
    calendar = Calendar(datetime(2026, 1, 1), 90, timedelta(days=1))  # noqa: DTZ001 - a clock on the wall
    assert texts(bands(calendar=calendar))[-2:] == ["19 Mar", "26 Mar"]


def test_a_sparkline_has_gaps_and_marks_what_is_out_of_range():
    points = every_five_minutes(100, 100, 200, until=NOW - timedelta(hours=2)) + every_five_minutes(100, 100)
    svg = ElementTree.fromstring(sparkline(points, window(), target=TARGET, gap=GAP))  # noqa: S314 - our own
    assert len(with_class(svg, "chart-line")) == 2
    assert len(with_class(svg, "range-high")) == 1
    assert len(with_class(svg, "range-in-range")) == 1


def test_a_sparkline_of_nothing_is_empty():
    assert sparkline([], window(), target=TARGET, gap=GAP) == ""


def test_the_bar_has_a_part_for_each_range_with_readings():
    counts = dict(zip(Range, (5, 0, 90, 5, 0), strict=True))
    svg = ElementTree.fromstring(range_bar("bar", counts, width=960, description="x"))  # noqa: S314 - our own
    widths = [float(node.get("width", "0")) for node in svg.iter("rect") if node.get("class")]
    assert widths == [48, 864, 48]
    assert texts(svg) == ["5%", "90%", "5%"]


def test_the_bar_of_nothing_is_empty():
    assert range_bar("bar", dict.fromkeys(Range, 0), width=960, description="x") == ""
