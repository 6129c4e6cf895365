from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analytics.sensor_use import SensorUse, Shortfall, Sufficiency, sensor_use, sufficiency
from analytics.tests.made import BERLIN, MONDAY, UTC_ZONE, milliseconds, trace_of
from analytics.trace import DAY, MINUTE, Trace

BEGIN = milliseconds(MONDAY)


def use_of(trace: Trace, days: float) -> SensorUse:
    return sensor_use(trace, BEGIN, BEGIN + round(days * DAY))


def days_of(*percents: float) -> SensorUse:
    """A day each, covered from midnight on to so many percent, every 5 minutes."""
    instants = [
        BEGIN + day * DAY + reading * 5 * MINUTE
        for day, percent in enumerate(percents)
        for reading in range(round(288 * percent / 100))
    ]
    return use_of(Trace.of(instants, [100] * len(instants), UTC_ZONE), len(percents))


@pytest.mark.parametrize("every", [1, 3, 5, 15])
def test_a_full_window_is_full_at_any_interval(every: int) -> None:
    use = use_of(trace_of([100] * (2 * 1440 // every), every=every), 2)
    assert (use.active_percent, use.active_percent_of_window) == (100.0, 100.0)
    assert (use.days, use.days_with_data, use.minutes_of_days) == (2, 2, (1440.0, 1440.0))


def test_gaps_stand_for_nothing() -> None:
    """Three hours, nine hours nothing, twelve hours."""
    whole = trace_of([100] * 288)
    kept = (whole.instants < BEGIN + 180 * MINUTE) | (whole.instants >= BEGIN + 720 * MINUTE)
    use = use_of(Trace.of(whole.instants[kept], whole.glucose[kept], UTC_ZONE), 2)
    assert use.active_percent == pytest.approx(100 * 15 / 24)
    assert use.active_percent_of_window == pytest.approx(100 * 15 / 48)


def test_readings_outside_of_the_window_do_not_count() -> None:
    trace = trace_of([100] * 288 * 3)
    use = sensor_use(trace, BEGIN + DAY, BEGIN + 2 * DAY)
    assert (use.first, use.last) == (BEGIN + DAY, BEGIN + 2 * DAY - 5 * MINUTE)
    assert (use.active_percent_of_window, use.days) == (100.0, 1)


def test_a_single_reading_stands_for_one_interval() -> None:
    use = use_of(trace_of([100]), 1)
    assert (use.active_percent, use.days, use.first, use.last) == (100.0, 1, BEGIN, BEGIN)
    assert use.active_percent_of_window == pytest.approx(100 / 288)


def test_without_readings_there_is_no_use() -> None:
    use = use_of(trace_of([]), 14)
    assert use == SensorUse(None, 0.0, 14 * 1440, 0, 0, None, None, ())
    assert sufficiency(use).reasons[0] == Shortfall.NO_READINGS


def test_a_new_kind_of_sensor_does_not_make_the_old_one_look_sparse() -> None:
    """A week of 15 minutes, then a week of 1 minute: by the trace's median interval the first were worn 7 %."""
    old = BEGIN + 15 * MINUTE * np.arange(7 * 96)
    new = BEGIN + 7 * DAY + MINUTE * np.arange(7 * 1440)
    instants = np.concatenate((old, new))
    use = use_of(Trace.of(instants, np.full(len(instants), 100.0), UTC_ZONE), 14)
    assert (use.active_percent, use.active_percent_of_window) == (100.0, 100.0)


def test_a_finger_stick_every_few_hours_is_no_sensor() -> None:
    use = use_of(trace_of([100] * 14 * 6, every=240), 14)
    assert use.active_percent_of_window == pytest.approx(100 * 15 / 240)


@pytest.mark.parametrize(("day", "hours"), [(datetime(2026, 3, 29), 23), (datetime(2026, 10, 25), 25)])  # noqa: DTZ001
def test_a_day_on_which_clocks_change_is_covered_by_its_hours(day: datetime, hours: int) -> None:
    begin = day.replace(tzinfo=BERLIN).astimezone(UTC)
    trace = trace_of([100] * hours * 12, begin=begin, zone=BERLIN)
    use = sensor_use(trace, milliseconds(begin), milliseconds(begin + timedelta(hours=hours)))
    assert (use.active_percent_of_window, use.days, use.minutes_of_days) == (100.0, 1, (hours * 60.0,))


def test_days_are_those_of_the_patients_clock() -> None:
    """An hour that lies in one day in Greenwich and in two in Berlin."""
    begin = datetime(2026, 1, 5, 22, 30, tzinfo=UTC)
    since, until = milliseconds(begin), milliseconds(begin) + DAY
    assert sensor_use(trace_of([100] * 12, begin=begin), since, until).days == 1
    assert sensor_use(trace_of([100] * 12, begin=begin, zone=BERLIN), since, until).days == 2


def test_a_window_ends_after_it_begins() -> None:
    with pytest.raises(ValueError, match="after it begins"):
        sensor_use(trace_of([100]), BEGIN, BEGIN)


def test_fourteen_days_by_seventy_percent_suffice() -> None:
    assert sufficiency(days_of(*[70.2] * 14)) == Sufficiency(True, True, True, False, ())
    assert sufficiency(days_of(*[100] * 28)) == Sufficiency(True, True, True, True, ())
    # 10 full days of 14 are 71 %.
    assert sufficiency(days_of(*[100] * 10, *[0] * 4)).is_sufficient


def test_what_is_missing_is_named() -> None:
    assert sufficiency(days_of(*[100] * 13)).reasons == (Shortfall.SHORT_WINDOW,)
    sparse = sufficiency(days_of(*[60] * 14))
    assert (sparse.is_sufficient, sparse.agp_allowed) == (False, False)
    assert sparse.reasons == (Shortfall.LESS_THAN_70_PERCENT, Shortfall.FEW_GOOD_DAYS)
    hours = sufficiency(days_of(50, 0, 0))
    assert (hours.sections_allowed, hours.agp_allowed) == (False, False)
    assert hours.reasons[0] == Shortfall.LESS_THAN_A_DAY


def test_two_weeks_with_the_hour_that_spring_takes_are_two_weeks() -> None:
    begin = datetime(2026, 3, 20, tzinfo=BERLIN).astimezone(UTC)
    trace = trace_of([100] * (14 * 288 - 12), begin=begin, zone=BERLIN)
    until = datetime(2026, 4, 3, tzinfo=BERLIN)
    assert sufficiency(sensor_use(trace, milliseconds(begin), milliseconds(until))).is_sufficient


def test_the_curve_goes_by_the_seven_best_days() -> None:
    assert sufficiency(days_of(*[0] * 7, *[70.2] * 7)).agp_allowed
    assert not sufficiency(days_of(*[100] * 6, *[0] * 8)).agp_allowed
    # Less than an hour makes no day.
    assert not sufficiency(days_of(*[100] * 6, 3.8, 0)).agp_allowed
    assert sufficiency(days_of(*[100] * 6, 4.2, 0)).agp_allowed


def test_24_hours_of_readings_need_to_be_worn_well() -> None:
    assert sufficiency(days_of(100)).sections_allowed
    # Over 36 hours they are 67 %.
    assert not sufficiency(days_of(50, 50)).sections_allowed
    assert sufficiency(days_of(50, 51)).sections_allowed
