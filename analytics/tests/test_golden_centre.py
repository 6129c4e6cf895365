"""Five people's weeks against the reference implementation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analytics.agp import agp
from analytics.centre import centre
from analytics.gri import gri
from analytics.ranges import PREGNANCY, times_in_ranges
from analytics.risk import risk
from analytics.sensor_use import sensor_use
from analytics.tests.real_people import needs_real_people, real_people
from analytics.trace import DAY, Trace

GOLDEN = json.loads((Path(__file__).parent / "golden_centre.json").read_text())


def computed(trace: Trace) -> dict[str, object]:
    middle, times, dangers = centre(trace), times_in_ranges(trace), risk(trace)
    pregnant, index = times_in_ranges(trace, PREGNANCY), gri(times)
    first, behind = int(trace.instants[0]), int(trace.instants[-1]) + 1
    use = sensor_use(trace, first, behind)
    assert index is not None
    return {
        "n_readings": middle.count,
        "mean": middle.mean,
        "median": middle.median,
        "sd": middle.sd,
        "cv": middle.cv,
        "iqr": middle.iqr,
        "gmi": middle.gmi,
        "ea1c": middle.ea1c,
        "j_index": middle.j_index,
        "tbr2_lt54": times.percent("very_low"),
        "tbr1_54_69": times.percent("low"),
        "tbr_lt70": times.percent("below"),
        "tir_70_180": times.percent("in_range"),
        "titr_70_140": times.percent("tight"),
        "tar1_181_250": times.percent("high"),
        "tar2_gt250": times.percent("very_high"),
        "tar_gt180": times.percent("above"),
        "preg_tbr_lt63": pregnant.percent("below"),
        "preg_tir_63_140": pregnant.percent("in_range"),
        "preg_tar_gt140": pregnant.percent("above"),
        "lbgi": dangers.lbgi,
        "hbgi": dangers.hbgi,
        "adrr": dangers.adrr,
        "gri_hypo_component": index.hypo_component,
        "gri_hyper_component": index.hyper_component,
        "gri": index.value,
        "gri_zone": index.zone,
        "active_pct_agp": use.active_percent,
        "active_pct_14d_window": sensor_use(trace, behind - 14 * DAY, behind).active_percent_of_window,
        "calendar_days_with_data": use.days_with_data,
    }


@needs_real_people
@pytest.mark.parametrize("person", range(5))
def test_metrics_are_those_of_the_reference(person: int) -> None:
    found = computed(real_people()[person])
    assert found.keys() == GOLDEN["metrics"].keys()
    assert found.pop("gri_zone") == GOLDEN["metrics"]["gri_zone"][person]
    for name, value in found.items():
        assert value == pytest.approx(GOLDEN["metrics"][name][person], rel=1e-6, abs=1e-12), name


@needs_real_people
@pytest.mark.parametrize("person", range(5))
def test_the_ambulatory_profile_is_that_of_the_reference(person: int) -> None:
    profile, golden = agp(real_people()[person]), GOLDEN["agp"][person]
    assert [hour.count for hour in profile.hours] == golden["counts"]
    for column, name in enumerate(("p05", "p25", "p50", "p75", "p95")):
        assert [getattr(hour, name) for hour in profile.hours] == pytest.approx(golden["hours"][name], rel=1e-9)
        # Published with six decimals.
        assert profile.smoothed[:, column].tolist() == pytest.approx(golden["smoothed"][name], abs=1e-6)
