# ruff: noqa: RUF001 - ranges of numbers, and names of people
from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from alerts.deliveries.messages import DISCLAIMER
from analytics.goals import Preset
from analytics.trace import Trace
from reports.tests.glucose_report.made import BERLIN, LAST_DAY, report, trace

NOTHING = Trace.of([], [], BERLIN)


def facts(content):
    return {fact.label: fact.value for fact in (*content.patient, *content.period)}


def shares(content):
    return {part.name: part.percent for part in content.ranges.parts}


def test_who_which_days_and_how_much_of_them():
    assert facts(report()) == {
        "Born": "12 Mar 1984", "Patient ID": "user_5678", "Record number": "MRN 77",
        "14 days": "8 Nov 2026 – 21 Nov 2026", "Time CGM active": "100.0%", "Days with readings": "14 of 14",
        "Time zone": "Europe/Berlin",
    }  # fmt: skip
    assert facts(report(birth_date=None, record_number=""))["Born"] == "not known"


def test_numbers_as_they_can_be_counted_by_hand():
    """Of a hundred readings 2, 5, 60, 25 and 8 in the five ranges, for 14 days."""
    values = np.repeat([50, 60, 120, 200, 300], [2, 5, 60, 25, 8])
    instants = trace().instants[: 40 * 100]
    content = report(Trace.of(instants, np.resize(values, len(instants)), BERLIN))
    assert shares(content) == {"very-high": "8%", "high": "25%", "in-range": "60%", "low": "5%", "very-low": "2%"}
    assert [(goal.label, goal.percent, goal.goal) for goal in content.ranges.goals] == [
        ("above 180 mg/dL", "33%", "Goal: < 25%"), ("below 70 mg/dL", "7%", "Goal: < 4%"),
    ]  # fmt: skip
    mean, gmi, cv = content.metrics.metrics
    # (2·50 + 5·60 + 60·120 + 25·200 + 8·300) / 100 = 150; GMI 3.31 + 0.02392·150.
    assert (mean.value, mean.unit, mean.goal) == ("150", "mg/dL", "Goal: < 154 mg/dL")
    assert (gmi.value, gmi.note, gmi.goal) == ("6.9", "52 mmol/mol", "Goal: < 7%")
    assert cv.value == f"{100 * np.std(np.resize(values, 4000), ddof=1) / 150:.1f}"


@pytest.mark.parametrize(("unit", "limits", "goal"), [
    ("mg/dL", ["> 250 mg/dL", "181–250 mg/dL", "70–180 mg/dL", "54–69 mg/dL", "< 54 mg/dL"], "Goal: < 154 mg/dL"),
    ("mmol/L", ["> 13.9 mmol/L", "10.1–13.9 mmol/L", "3.9–10.0 mmol/L", "3.0–3.8 mmol/L", "< 3.0 mmol/L"],
     "Goal: < 8.6 mmol/L"),
])  # fmt: skip
def test_both_units(unit, limits, goal):
    content = report(trace(mmol=unit == "mmol/L"), unit=unit)
    assert [part.limits for part in content.ranges.parts] == limits
    assert content.metrics.metrics[0].goal == goal
    assert content.curve.plot is not None
    assert [label.text for label in content.curve.plot.left] == (
        ["0", "54", "70", "180", "250", "350"] if unit == "mg/dL" else ["0", "3.0", "3.9", "10.0", "13.9", "19.4"]
    )


def test_a_share_that_is_not_nothing_is_not_zero():
    glucose = np.full(4032, 120.0)
    glucose[0], glucose[1] = 50, 300
    content = report(Trace.of(trace().instants, glucose, BERLIN))
    assert shares(content) == {
        "very-high": "<1%", "high": "0%", "in-range": "100%", "low": "0%", "very-low": "<1%",
    }  # fmt: skip
    assert [part.is_empty for part in content.ranges.parts] == [False, True, False, True, False]
    assert [goal.percent for goal in content.ranges.goals] == ["<1%", "<1%"]


def test_goals_are_those_of_the_patient():
    older = report(preset=Preset.OLDER)
    assert "older" in older.ranges.subtitle
    assert [part.goal for part in older.ranges.parts] == ["Goal: < 10%", "", "Goal: > 50%", "", ""]
    pregnant = report(preset=Preset.PREGNANCY)
    assert [(part.name, part.limits, part.goal) for part in pregnant.ranges.parts] == [
        ("high", "> 140 mg/dL", "Goal: < 25%"), ("in-range", "63–140 mg/dL", "Goal: > 70%"),
        ("low", "54–62 mg/dL", ""), ("very-low", "< 54 mg/dL", "Goal: < 1%"),
    ]  # fmt: skip
    without = report(preset=Preset.PREGNANCY_WITHOUT_GOALS)
    assert "no goals are set" in without.ranges.subtitle
    assert not any(part.goal for part in without.ranges.parts)
    assert not any(metric.goal for metric in without.metrics.metrics)


def test_parts_of_the_bar_fill_it_and_words_do_not_lie_on_each_other():
    for content in (report(), report(trace(centre=60, swing=5)), report(preset=Preset.PREGNANCY)):
        parts = content.ranges.parts[::-1]
        assert parts[0].bottom == 0
        assert parts[-1].top == pytest.approx(1)
        places = [part.label_at for part in parts]
        assert min(np.diff(places)) >= 0.12
        assert 0 <= min(places) <= max(places) <= 1


def test_nothing_is_drawn_of_too_little():
    for of, words in ((NOTHING, "there are no readings"), (trace(20 / 24), "less than 24 hours")):
        content = report(of)
        for section in (content.ranges, content.metrics, content.curve, content.days):
            assert words in section.missing
        assert content.curve.plot is None
        assert content.days.days == ()


def test_two_days_have_shares_but_no_curve_and_a_warning():
    content = report(trace(2.5))
    assert content.ranges.missing == content.metrics.missing == content.days.missing == ""
    assert "needs 7 days" in content.curve.missing
    assert content.warnings == ("Readings cover 17.9% of the period, less than 70%: "
                                "the figures may not stand for all of it.",)  # fmt: skip
    assert [day.missing for day in content.days.days].count("No readings") == 11


def test_a_short_period_says_so():
    assert report(days=7).warnings == (
        "Less than 14 days: GMI and times in ranges may not stand for the usual pattern.",
    )
    assert "28 days" in report().metrics.notes[-1]
    assert len(report(trace(30), days=30).metrics.notes) == 1


@pytest.mark.parametrize(("days", "shown"), [(7, 7), (14, 14), (30, 14), (90, 14)])
def test_at_most_the_last_two_weeks_are_shown_day_by_day(days, shown):
    content = report(trace(2), days=days)
    assert len(content.days.days) == shown
    assert (content.days.days[-1].weekday, content.days.days[-1].date) == ("Sat", "21 Nov")


@pytest.mark.parametrize(("last", "changes"), [(date(2026, 3, 29), 276), (date(2026, 10, 25), 300)])
def test_days_of_23_and_25_hours(last, changes):
    """On the longer one the clock goes back, and the line begins anew there."""
    of = trace(15, last=last, centre=120, swing=5)
    content = report(of, last=last)
    day = content.days.days[-1]
    lines = [shape.points for shape in day.plot.shapes if shape.style == "trace"]
    assert sum(len(points) for points in lines) == changes
    assert len(lines) == 2
    assert all(np.diff([x for x, _ in points]).min() > 0 for points in lines)
    assert content.ranges.missing == ""


@pytest.mark.parametrize("every", [1, 15])
def test_other_sensors(every):
    content = report(trace(every=every))
    assert facts(content)["Time CGM active"] == "100.0%"
    assert content.curve.plot is not None
    lines = [shape for shape in content.days.days[0].plot.shapes if shape.style == "trace"]
    assert len(lines) == 1
    assert len(lines[0].points) <= 300


def test_a_thinned_day_keeps_its_lowest_and_highest():
    of = trace(every=1, centre=120, swing=20)
    glucose = of.glucose.copy()
    glucose[-700], glucose[-500] = 41, 349
    day = report(Trace.of(of.instants, glucose, BERLIN)).days.days[-1]
    heights = [y for shape in day.plot.shapes if shape.style == "trace" for _, y in shape.points]
    assert min(heights) == pytest.approx(41 / 350, abs=1e-4)
    assert max(heights) == pytest.approx(349 / 350, abs=1e-4)


def test_gaps_are_not_bridged_and_one_reading_is_seen():
    of = trace(14)
    alone = np.r_[of.instants[:-288], of.instants[-150]]
    day = report(Trace.of(alone, np.full(len(alone), 120.0), BERLIN)).days.days[-1]
    (line,) = [shape for shape in day.plot.shapes if shape.style == "trace"]
    assert len(line.points) == 2


def test_the_curve_changes_its_colour_where_a_range_ends():
    plot = report().curve.plot
    assert plot is not None
    medians = [shape for shape in plot.shapes if shape.style.startswith("median-")]
    assert {shape.style for shape in medians} > {"median-in-range", "median-high"}
    for shape in medians:
        heights = [y * 350 for _, y in shape.points]
        low, high = {"median-very-low": (0, 54), "median-low": (54, 70), "median-in-range": (70, 180),
                     "median-high": (180, 250), "median-very-high": (250, 400)}[shape.style]  # fmt: skip
        assert low - 0.1 <= min(heights) <= max(heights) <= high + 0.1


def test_the_last_lines_say_from_what_and_when_and_by_what():
    devices, made, last = report(sources=tuple(f"Sensor {number}" for number in range(6))).footer
    assert devices == "Readings from: Sensor 0, Sensor 1, Sensor 2, Sensor 3 (+2)"
    assert made.startswith("Made 22 Nov 2026, 21:55 (Europe/Berlin) by Glucose Platform 0.1.0, definitions ")
    assert last.endswith(DISCLAIMER)
    assert report().page == "Page 1 of 1"


def test_days_are_those_of_the_patients_clock():
    tokyo = trace(zone=ZoneInfo("Asia/Tokyo"))
    assert facts(report(tokyo))["Days with readings"] == "14 of 14"
    assert report(tokyo).days.days[-1].date == f"{LAST_DAY.day} Nov"
