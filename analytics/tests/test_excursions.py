from __future__ import annotations

import dataclasses
import itertools

import pytest

from analytics.excursions import mage
from analytics.tests.traces import every
from analytics.trace import Trace

HOUR_POINTS = 12


def ramps(*corners: float, hours: int = 3, interval: int = 5) -> Trace:
    """Straight from one corner to the next in so many hours."""
    points = hours * 60 // interval
    values = [
        begin + (end - begin) * step / points for begin, end in itertools.pairwise(corners) for step in range(points)
    ]
    return every(interval, [*values, corners[-1]])


@pytest.mark.parametrize("values", [[], [100], [100] * 500, [100, 200] * 3, [100, 101] * 200])
def test_what_is_short_or_level_has_none(values: list[float]) -> None:
    assert set(dataclasses.astuple(mage(every(5, values)))) == {None}


def test_rises_and_falls_by_hand() -> None:
    """Up 100, down 80, up 120, down 140: all more than one SD (43)."""
    found = mage(ramps(100, 200, 120, 240, 100))
    assert found.plus == pytest.approx((100 + 120) / 2)
    assert found.minus == pytest.approx((80 + 140) / 2)
    assert found.average == pytest.approx(110)
    assert found.maximum == found.service == pytest.approx(110)


def test_a_small_change_is_part_of_a_large_one() -> None:
    """The dip of 20 on the way up is less than one SD."""
    found = mage(ramps(100, 180, 160, 260, 100))
    assert found.plus == pytest.approx(160)
    assert found.minus == pytest.approx(160)


def test_what_came_first_counts_for_service() -> None:
    falling_first = mage(ramps(250, 100, 220, 140))
    assert falling_first.service == falling_first.minus
    rising_first = mage(ramps(100, 250, 130, 210))
    assert rising_first.service == rising_first.plus


def test_parts_count_by_their_length() -> None:
    """A hole of four hours parts them; one of three hours does not."""
    first, second = ramps(100, 200, 100), ramps(100, 260, 100)
    hole = [None] * (4 * HOUR_POINTS)
    found = mage(every(5, [*first.glucose, *hole, *second.glucose]))
    assert found.plus == pytest.approx((100 + 160) / 2)
    longer = ramps(100, 260, 100, hours=6)
    weighted = mage(every(5, [*first.glucose, *hole, *longer.glucose]))
    assert weighted.plus == pytest.approx((72 * 100 + 144 * 160) / (72 + 144))


def test_a_hole_of_three_hours_parts_nothing() -> None:
    """Else the second part would be too short to count."""
    values = [*ramps(100, 200, 100).glucose, *[None] * (3 * HOUR_POINTS), *ramps(100, 220, 100, hours=1).glucose]
    assert mage(every(5, values)).plus == pytest.approx(110)


def test_other_sensors_find_the_same_ramps() -> None:
    for interval in (1, 15):
        found = mage(ramps(100, 200, 120, 240, 100, interval=interval))
        assert found.average == pytest.approx(110, abs=2)
