from __future__ import annotations

from datetime import timedelta

import pytest

from analytics.episodes import EpisodeKind
from analytics.goals import GOALS, Preset
from analytics.gri import gri
from analytics.plain import as_plain
from analytics.ranges import PREGNANCY, times_in_ranges
from analytics.sensor_use import Shortfall
from analytics.summary import DEFINITION_VERSION, analyse
from analytics.tests.made import BERLIN, MONDAY, milliseconds, trace_of
from analytics.trace import DAY

SINCE = milliseconds(MONDAY)
# Two hours below 54, in the night of every day; else level.
NIGHT_LOWS = [*[110.0] * 24, *[50.0] * 24, *[110.0] * 240]


def test_the_window_alone_is_analysed() -> None:
    trace = trace_of([300] * 288 + [100] * 288 * 2 + [300] * 288)
    found = analyse(trace, SINCE + DAY, SINCE + 3 * DAY)
    assert (found.centre.count, found.centre.maximum, found.times.in_range) == (576, 100, 576)
    assert (len(found.days), found.use.days, found.episodes.count(EpisodeKind.HYPER_LEVEL_2)) == (2, 2, 0)
    assert (found.since, found.until, found.definition_version) == (SINCE + DAY, SINCE + 3 * DAY, DEFINITION_VERSION)


def test_nights_below_54_show_in_every_part() -> None:
    found = analyse(trace_of(NIGHT_LOWS * 14), SINCE, SINCE + 14 * DAY)
    assert found.sufficiency.is_sufficient
    assert found.times.percent("very_low") == pytest.approx(100 / 12)
    assert found.times.percent("in_range") == pytest.approx(1100 / 12)
    assert found.gri is not None
    assert found.gri.value == pytest.approx(25)
    assert found.gri.zone == "B"
    assert found.episodes.count(EpisodeKind.HYPO_LEVEL_2) == 14
    assert [hour.p50 for hour in found.agp.hours[1:5]] == [110, 50, 50, 110]
    assert {day.times.very_low for day in found.days} == {24}
    assert found.risk.lbgi is not None
    assert found.risk.lbgi > 1.1


def test_the_limits_of_the_preset_count_but_for_the_risk_index() -> None:
    trace = trace_of([58, 66, 150, 200] * 72)
    found = analyse(trace, SINCE, SINCE + DAY, Preset.PREGNANCY)
    assert found.goals == GOALS[Preset.PREGNANCY]
    assert (found.times.low, found.times.in_range, found.times.high) == (72, 72, 144)
    assert (found.times, found.days[0].times) == (times_in_ranges(trace, PREGNANCY),) * 2
    assert found.gri == gri(times_in_ranges(trace))


def test_without_readings_every_answer_is_none() -> None:
    found = analyse(trace_of([], zone=BERLIN), SINCE, SINCE + 14 * DAY)
    assert (found.centre.count, found.gri, found.grade, found.days, found.zone) == (0, None, None, [], "Europe/Berlin")
    assert found.sufficiency.reasons[0] == Shortfall.NO_READINGS
    assert found.episodes.per_day(EpisodeKind.HYPO_LEVEL_1) is None


def test_a_single_reading_is_told_and_nothing_is_made_of_it() -> None:
    found = analyse(trace_of([50], begin=MONDAY + timedelta(days=1)), SINCE, SINCE + 14 * DAY)
    assert (found.centre.mean, found.centre.sd, found.times.very_low, len(found.days)) == (50, None, 1, 1)
    assert not found.sufficiency.sections_allowed
    assert found.mage.average is None


@pytest.mark.parametrize("every", [1, 5, 15])
def test_shares_do_not_depend_on_the_interval(every: int) -> None:
    """Three hours low, three high, the rest between, for two weeks."""
    day = [60.0] * (180 // every) + [300.0] * (180 // every) + [120.0] * (1080 // every)
    found = analyse(trace_of(day * 14, every=every), SINCE, SINCE + 14 * DAY)
    assert (found.times.percent("low"), found.times.percent("very_high")) == (12.5, 12.5)
    assert (found.use.active_percent, found.use.active_percent_of_window) == (100.0, 100.0)
    assert found.agp.smoothed[1, 2] == 60


def test_results_become_json() -> None:
    plain = as_plain(analyse(trace_of(NIGHT_LOWS), SINCE, SINCE + DAY))
    assert isinstance(plain, dict)
    assert plain["preset"] == "adult"
    assert plain["days"][0]["day"] == "2026-03-02"
    assert plain["sufficiency"]["reasons"][0] == "short_window"
