from __future__ import annotations

import pytest

from analytics.arrows import Arrow, arrow_of, heading
from analytics.tests.traces import UTC_ZONE, every
from analytics.trace import MINUTE, Trace


@pytest.mark.parametrize(
    ("rate", "arrow"),
    [
        (3.01, Arrow.DOUBLE_UP), (3, Arrow.SINGLE_UP), (2.01, Arrow.SINGLE_UP), (2, Arrow.FORTY_FIVE_UP),
        (1, Arrow.FLAT), (0, Arrow.FLAT), (-1, Arrow.FLAT), (-1.01, Arrow.FORTY_FIVE_DOWN), (-2.01, Arrow.SINGLE_DOWN),
        (-3, Arrow.SINGLE_DOWN), (-3.01, Arrow.DOUBLE_DOWN), (None, Arrow.NOT_COMPUTABLE),
    ],
)  # fmt: skip
def test_an_arrow_says_how_fast(rate: float | None, arrow: Arrow) -> None:
    assert arrow_of(rate) == arrow


def test_it_looks_back_less_than_twenty_minutes() -> None:
    found = heading(every(5, [300, 300, 100, 110, 120, 130]))
    assert (found.arrow, found.rate) == (Arrow.FORTY_FIVE_UP, 2)


@pytest.mark.parametrize("minutes", [[], [0], [0, 10], [0, 4, 9], [0, 30, 35]])
def test_too_little_says_nothing(minutes: list[int]) -> None:
    trace = Trace.of([minute * MINUTE for minute in minutes], [100] * len(minutes), UTC_ZONE)
    assert heading(trace).arrow == Arrow.NOT_COMPUTABLE


def test_a_bound_says_nothing() -> None:
    instants = [minute * MINUTE for minute in (0, 5, 10, 15)]
    assert heading(Trace.of(instants, [60, 50, 45, 39], UTC_ZONE, beyond=[0, 0, 0, -1])).rate is None
    assert heading(Trace.of(instants, [39, 40, 50, 60], UTC_ZONE, beyond=[-1, 0, 0, 0])).rate == 2
