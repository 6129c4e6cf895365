from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.gri import gri
from analytics.ranges import TimesInRanges
from reports.tests.worklist.made import DAY, HOUR, NOW, days, points_of, ranked
from reports.worklist.columns import COLUMNS, DAYS
from reports.worklist.figures import minutes_very_low_since
from reports.worklist.points import PRESETS, Reason, Standing

NOTHING = {"days": np.zeros((DAYS, len(COLUMNS)), dtype=np.int16)}
VERY_LOW = {"days": days(recent={"very_low": 6}, before={})}  # 2.08 %


def test_a_patient_in_whom_nothing_is_wrong_needs_nothing():
    ranking = ranked({})

    assert points_of(ranking) == {}
    assert ranking.need[0] == 0
    assert ranking.standing[0] == Standing.FINE


def test_each_reason_has_the_points_that_the_documentation_says():
    very_high = {"days": days(recent={"very_high": 144}, before={"very_high": 144})}  # 50 %: index 80
    ranking = ranked(
        {"unacknowledged": 4},
        {"acknowledged": 4},
        VERY_LOW,
        {"days": days(recent={"low": 14}, before={"low": 14})},  # 4.86 %
        very_high,
        {"days": days(recent={"high": 72}, before={})},  # index 20, and 0 before
        {"newest_reading": NOW - 50 * HOUR},
        {"connection_lost": NOW - HOUR},
        {"consent_withdrawn": NOW - HOUR},
        {"next_contact": 0.0},
        {"next_contact": -4.0},
        {"days": days(recent={}, before={}, of=9)},
    )

    assert points_of(ranking, 0) == {Reason.ALARM: 400}
    assert points_of(ranking, 1) == {Reason.ALARM: 60}
    assert points_of(ranking, 2) == {Reason.VERY_LOW: pytest.approx(40 + 10 * (100 * 6 / 288 - 1))}
    assert points_of(ranking, 3) == {
        Reason.LOW: pytest.approx(20 + 3 * (100 * 14 / 288 - 4)),
    }
    assert points_of(ranking, 4) == {Reason.RISK: pytest.approx(0.75 * 40)}
    assert points_of(ranking, 5) == {Reason.WORSE: pytest.approx(20)}
    assert points_of(ranking, 6) == {Reason.SILENT: 16}
    assert points_of(ranking, 7) == {Reason.CONNECTION: 15}
    assert points_of(ranking, 8) == {Reason.CONSENT: 15}
    assert points_of(ranking, 9) == {Reason.CONTACT: 10}
    assert points_of(ranking, 10) == {Reason.CONTACT: 14}
    assert points_of(ranking, 11) == {Reason.LITTLE_DATA: 5}


def test_an_urgent_alarm_that_nobody_took_outweighs_everything_else_together():
    everything = {
        "days": days(recent={"very_low": 200, "low": 80}, before={}, of=14),
        "acknowledged": 4,
        "newest_reading": NOW - 100 * DAY,
        "connection_lost": NOW - HOUR,
        "consent_withdrawn": NOW - HOUR,
        "next_contact": -400.0,
    }
    ranking = ranked({"unacknowledged": 4}, everything)

    assert ranking.need[0] > ranking.need[1] > 300


@pytest.mark.parametrize(
    ("preset", "counts", "expected"),
    [
        ("adult", {"low": 9}, set()),  # 3.1 % of an adult's 4
        ("older", {"low": 9}, {Reason.LOW}),  # of 1 %
        ("pregnancy", {"low": 9, "below_63": 0, "pregnancy_range": 288}, set()),
        ("pregnancy", {"below_63": 12, "pregnancy_range": 276}, {Reason.LOW}),
        ("pregnancy", {"pregnancy_range": 144}, {Reason.IN_RANGE}),
        ("pregnancy_without_goals", {"pregnancy_range": 144}, set()),
        ("adult", {"pregnancy_range": 144}, set()),
        ("pregnancy", {"very_high": 288, "pregnancy_range": 288}, set()),  # the index is not made for them
    ],
)
def test_figures_are_held_against_the_patients_own_goals(preset, counts, expected):
    ranking = ranked({"days": days(recent=counts, before=counts), "preset": PRESETS.index(preset)})

    assert set(points_of(ranking)) == expected


def test_too_little_data_is_never_taken_for_good():
    never, little, telling, one_hour = ranked(
        {**NOTHING, "newest_reading": np.nan, "measured_since": np.nan},
        {"days": days(recent={}, before={}, of=3)},
        {"days": days(recent={"very_low": 6}, before={}, of=3)},
        {"days": days(recent={"very_low": 6, "count": 12}, of=1)},
    ).points

    assert ranked({**NOTHING, "newest_reading": np.nan, "measured_since": np.nan}).standing[0] == Standing.UNKNOWN
    assert not never.any()
    assert [little.sum(), one_hour.sum()] == [5, 5]
    assert telling[1] > 40
    assert telling.sum() == telling[1] + 5


def test_worse_is_said_only_where_both_periods_suffice():
    assert ranked({"days": days(recent={"high": 144})}).points.sum() == 0
    assert np.isnan(ranked({"days": days(recent={"high": 144})}).change[0])


def test_silence_counts_from_the_assignment_where_no_reading_came():
    ranking = ranked(
        {"newest_reading": np.nan, "measured_since": NOW - 2 * HOUR},
        {"newest_reading": np.nan, "measured_since": NOW - 30 * HOUR},
        {"newest_reading": NOW - 90 * DAY, "measured_since": np.nan},
    )

    assert [Reason.SILENT in points_of(ranking, place) for place in range(3)] == [False, True, False]


class TestWhatWasSeen:
    SEEN = {"seen_at": NOW - 2 * DAY, "seen_days_ago": 2, "rests_until": 5.0}

    def test_rests_until_the_day_that_was_set(self):
        ranking = ranked({"days": _early_lows(), **self.SEEN}, {"days": _early_lows(), **self.SEEN, "rests_until": 0.0})

        assert list(ranking.need > 0) == [False, True]
        assert list(ranking.standing) == [Standing.RESTING, Standing.CALL]

    def test_does_not_cover_what_came_after_it(self):
        later = NOW - DAY
        ranking = ranked(
            VERY_LOW,  # lows go on after it
            {"connection_lost": later},
            {"consent_withdrawn": later},
            {"newest_reading": NOW - DAY - HOUR},  # silent since an hour
            {"unacknowledged": 1},
            {"next_contact": 0.0},
            **self.SEEN,
        )

        assert (ranking.need > 0).all()

    def test_covers_what_was_known(self):
        before = NOW - 3 * DAY
        ranking = ranked(
            {"connection_lost": before},
            {"consent_withdrawn": before},
            {"newest_reading": NOW - 4 * DAY},
            {"days": days(recent={"very_high": 144}, before={})},
            **self.SEEN,
        )

        assert (ranking.need == 0).all()
        assert (ranking.standing == Standing.RESTING).all()


def _early_lows():
    table = days(recent={}, before={})
    table[DAYS - 8 : DAYS - 3, COLUMNS.index("very_low")] = 30
    return table


def test_lows_since_a_day_leave_that_day_out():
    table = np.stack([days(recent={"very_low": 1}, before={"very_low": 1})] * 3)

    assert minutes_very_low_since(table, np.array([0, 3, 40])).tolist() == [0, 15, 140]


def test_what_is_to_come_of_today_is_not_missing():
    table = days(recent={}, before={})
    table[-1] = 0

    assert ranked({"days": table, "minutes_today": 0.0}).recent.active[0] == 100
    assert ranked({"days": table}).recent.active[0] == pytest.approx(100 * 13 / 14)


shares = st.lists(st.integers(0, 72), min_size=4, max_size=4)


@given(counts=shares, more=st.integers(1, 20), name=st.sampled_from(["very_low", "low", "very_high", "high"]))
def test_the_index_is_that_of_the_library_and_worse_figures_never_rank_lower(counts, more, name):
    said = dict(zip(("very_low", "low", "high", "very_high"), counts, strict=True))
    worse = {**said, name: said[name] + more}
    ranking = ranked(*({"days": days(recent=each, before=each)} for each in (said, worse)))
    (expected,) = [gri(TimesInRanges(count=288, in_range=288 - sum(counts), tight=0, **said))]

    assert expected is not None
    assert ranking.recent.gri[0] == pytest.approx(expected.value)
    assert ranking.need[1] >= ranking.need[0]
