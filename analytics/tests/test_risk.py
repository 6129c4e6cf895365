from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analytics.centre import Centre, centre, gmi_of_mean
from analytics.risk import Risk, risk, risks
from analytics.tests.made import BERLIN, trace_of
from analytics.trace import Trace


def test_the_scale_of_risk_ends_at_20_and_600_and_is_zero_between() -> None:
    """So Kovatchev chose its parameters."""
    lows, highs = risks(np.array([20.0, 112.5, 600.0]))
    assert lows.tolist() == pytest.approx([100, 0, 0], abs=0.2)
    assert highs.tolist() == pytest.approx([0, 0, 100], abs=0.2)


def test_means_of_risk_are_over_all_readings() -> None:
    """agp-tool's are over the low (high) ones alone."""
    found = risk(trace_of([50, 300, 112.5, 112.5]))
    lows, highs = risks(np.array([50.0, 300.0]))
    assert found.lbgi == pytest.approx(lows[0] / 4, rel=1e-4)
    assert found.hbgi == pytest.approx(highs[1] / 4, rel=1e-4)
    assert found.bgri == pytest.approx((lows[0] + highs[1]) / 4, rel=1e-4)


def test_daily_risk_is_that_of_local_days() -> None:
    """Ten minutes around midnight in Berlin: a low before it, a high behind it."""
    begin = datetime(2026, 1, 5, 22, 55, tzinfo=UTC)
    lows, highs = risks(np.array([50.0, 300.0]))
    expected = (lows[0] + highs[1]) / 2
    assert risk(trace_of([50, 300], begin=begin, zone=BERLIN)).adrr == pytest.approx(expected)
    assert risk(trace_of([50, 300], begin=begin)).adrr == pytest.approx(lows[0] + highs[1])


def test_a_day_that_comes_back_is_one_day() -> None:
    """In St. John's the clock went from a minute past midnight back to 23:01, until 2011."""
    zone = ZoneInfo("America/St_Johns")
    midnight = datetime(2010, 11, 7, 2, 30, tzinfo=UTC)
    minutes = (-60, 0.5, 30, 120)
    times = [midnight + timedelta(minutes=minute) for minute in minutes]
    trace = Trace.of_datetimes(times, [50, 112, 300, 112], zone)
    lows, highs = risks(trace.glucose)
    assert risk(trace).adrr == pytest.approx((lows[0] + highs[2] + lows[1] + highs[1]) / 2)


def test_without_readings_nothing_is_claimed() -> None:
    assert risk(trace_of([])) == Risk()
    assert centre(trace_of([])) == Centre(count=0)


def test_a_single_reading_has_a_centre_and_no_spread() -> None:
    found = centre(trace_of([154]))
    assert (found.count, found.mean, found.median, found.minimum, found.maximum, found.iqr) == (
        1,
        154,
        154,
        154,
        154,
        0,
    )
    assert (found.sd, found.cv, found.j_index) == (None, None, None)
    assert found.gmi == pytest.approx(6.99, abs=0.005)


@pytest.mark.parametrize(("mean", "gmi"), [(100, 5.7), (125, 6.3), (150, 6.9), (175, 7.5), (200, 8.1), (300, 10.5)])
def test_gmi_is_that_of_the_published_table(mean: float, gmi: float) -> None:
    """Bergenstal 2018, table 1."""
    assert round(gmi_of_mean(mean), 1) == gmi


def test_gmi_in_both_units_is_the_same() -> None:
    """IFCC's own conversion: 0.09148 mmol/mol + 2.152 is percent."""
    found = centre(trace_of([120, 160, 200]))
    assert found.gmi_mmol_mol is not None
    assert found.gmi_mmol_mol * 0.09148 + 2.152 == pytest.approx(found.gmi, abs=0.01)


def test_spread_is_of_samples() -> None:
    found = centre(trace_of([100, 110, 120, 130]))
    assert found.sd == pytest.approx((500 / 3) ** 0.5)
    assert found.cv == pytest.approx(100 * (500 / 3) ** 0.5 / 115)
    assert (found.iqr, found.median) == (15, 115)
