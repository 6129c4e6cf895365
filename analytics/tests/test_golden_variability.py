"""Five people's weeks against R iglu 4.3.0."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analytics.episodes import EpisodeKind, all_episodes, closed, lasting
from analytics.excursions import mage
from analytics.grade import grade
from analytics.grid import grid_of
from analytics.indices import m_value
from analytics.tests.real_people import needs_real_people, real_people
from analytics.trace import Limit, Trace
from analytics.variability import DailySds, Variability, conga, variability

pytestmark = needs_real_people

GOLDEN = json.loads((Path(__file__).parent / "golden_variability.json").read_text())
CLOSE = 1e-6


def of_variability(name: str) -> Callable[[Trace], float | None]:
    return lambda trace: getattr(known(trace), name)


def of_days(name: str) -> Callable[[Trace], float | None]:
    return lambda trace: getattr(known(trace).daily_sds, name)


def of_mage(name: str) -> Callable[[Trace], float | None]:
    return lambda trace: getattr(mage(trace), name)


def of_grade(name: str) -> Callable[[Trace], float | None]:
    return lambda trace: getattr(grade(trace), name)


_variabilities: dict[int, Variability] = {}


def known(trace: Trace) -> Variability:
    return _variabilities.setdefault(id(trace), variability(trace))


OURS: dict[str, Callable[[Trace], float | None]] = {
    "mage_avg": of_mage("average"),
    "mage_plus": of_mage("plus"),
    "mage_minus": of_mage("minus"),
    "mage_max": of_mage("maximum"),
    "mage_service": of_mage("service"),
    "modd": of_variability("modd"),
    "conga_1": of_variability("conga_1"),
    "conga_2": of_variability("conga_2"),
    "conga_4": of_variability("conga_4"),
    "conga_6": lambda trace: conga(grid_of(trace), 6),
    "conga_24": of_variability("conga_24"),
    "gvp": of_variability("gvp"),
    "mag": of_variability("mag"),
    "m_value_r90": of_variability("m_value_90"),
    "m_value_r100": lambda trace: m_value(trace, 100),
    "m_value_r120": of_variability("m_value_120"),
    "grade": of_grade("score"),
    "grade_hypo_lt70": of_grade("hypo"),
    "grade_eu_70_140": of_grade("eu"),
    "grade_hyper_gt140": of_grade("hyper"),
    "hyper_index": of_variability("hyper_index"),
    "hypo_index": of_variability("hypo_index"),
    "igc": of_variability("igc"),
    "cogi": of_variability("cogi"),
    "sd_roc_15min": of_variability("sd_roc"),
    "SDw": of_days("within_days"),
    "SDhhmm": of_days("between_times"),
    "SDwsh": of_days("within_hours"),
    "SDdm": of_days("between_day_means"),
    "SDb": of_days("between_days"),
    "SDbdm": of_days("between_days_about_means"),
    "auc_hourly_by_day": of_variability("auc"),
    "pgs": of_variability("pgs"),
}

KINDS = {
    "hypo_l1": EpisodeKind.HYPO_LEVEL_1,
    "hypo_l2": EpisodeKind.HYPO_LEVEL_2,
    "hypo_extended_gt120min_lt70": EpisodeKind.HYPO_EXTENDED,
    "hyper_l1": EpisodeKind.HYPER_LEVEL_1,
    "hyper_l2": EpisodeKind.HYPER_LEVEL_2,
    "hyper_extended": EpisodeKind.HYPER_EXTENDED,
}


def test_nothing_is_left_out() -> None:
    assert GOLDEN["metrics"].keys() == OURS.keys()
    assert all(getattr(DailySds, name) for name in DailySds.__slots__)
    assert GOLDEN["episodes"].keys() == {*KINDS, "hypo_prolonged_2017_lt54_ge120"}


@pytest.mark.parametrize("name", OURS)
def test_a_metric_is_what_the_reference_says(name: str) -> None:
    found = [OURS[name](trace) for trace in real_people()]
    assert found == pytest.approx(GOLDEN["metrics"][name], rel=CLOSE)


@pytest.mark.parametrize("name", KINDS)
def test_episodes_are_those_of_the_reference(name: str) -> None:
    expected, kind = GOLDEN["episodes"][name], KINDS[name]
    found = [all_episodes(trace) for trace in real_people()]
    assert [episodes.count(kind) for episodes in found] == expected["count"]
    assert [episodes.mean_minutes(kind) or 0 for episodes in found] == pytest.approx(expected["minutes"])
    if "per_day" in expected:
        assert [episodes.per_day(kind) for episodes in found] == pytest.approx(expected["per_day"])
        means = [[episode.mean for episode in episodes.by_kind[kind]] for episodes in found]
        averages = [sum(ours) / len(ours) if ours else None for ours in means]
        assert averages == pytest.approx(expected["glucose"])


def test_the_prolonged_lows_of_2017_were_none_either() -> None:
    """Below 54 for 120 minutes, replaced in 2023 by below 70 for more than 120."""
    for trace in real_people():
        grid = grid_of(trace)
        is_low = grid.below(Limit(54, 3.0))
        assert len(closed(grid, *lasting(is_low, grid.points(120)), grid.is_present & ~is_low).starts) == 0
