"""Each cell of charts 1 and 2 of the Royal College of Physicians (2017), by both of its ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.news2 import Consciousness, Observations, Parameter, Risk, SpO2Scale, news2

WELL = Observations(
    respiratory_rate=16,
    blood_oxygen=97,
    on_oxygen=False,
    systolic_pressure=120,
    heart_rate=70,
    consciousness=Consciousness.ALERT,
    body_temperature=37.0,
)


def with_(**changes: Any) -> Observations:
    return replace(WELL, **changes)


HYPERCAPNIC = replace(WELL, scale=SpO2Scale.HYPERCAPNIC, blood_oxygen=90)

CELLS = [
    (Parameter.RESPIRATORY_RATE, [(0, 8, 3), (9, 11, 1), (12, 20, 0), (21, 24, 2), (25, 60, 3)]),
    (Parameter.BLOOD_OXYGEN, [(50, 91, 3), (92, 93, 2), (94, 95, 1), (96, 100, 0)]),
    (Parameter.SYSTOLIC_PRESSURE, [(50, 90, 3), (91, 100, 2), (101, 110, 1), (111, 219, 0), (220, 300, 3)]),
    (Parameter.HEART_RATE, [(20, 40, 3), (41, 50, 1), (51, 90, 0), (91, 110, 1), (111, 130, 2), (131, 250, 3)]),
    (Parameter.BODY_TEMPERATURE, [(30, 35.0, 3), (35.1, 36.0, 1), (36.1, 38.0, 0), (38.1, 39.0, 1), (39.1, 43, 2)]),
]


@pytest.mark.parametrize(("parameter", "cells"), CELLS)
def test_each_cell_of_the_chart(parameter: Parameter, cells: list[tuple[float, float, int]]) -> None:
    for first, last, points in cells:
        for value in (first, last):
            assert news2(with_(**{parameter.value: value})).parts[parameter] == points, value


@pytest.mark.parametrize(
    ("on_oxygen", "cells"),
    [
        (False, [(70, 83, 3), (84, 85, 2), (86, 87, 1), (88, 92, 0), (93, 100, 0)]),
        (True, [(70, 83, 3), (84, 85, 2), (86, 87, 1), (88, 92, 0), (93, 94, 1), (95, 96, 2), (97, 100, 3)]),
    ],
)
def test_the_second_scale_of_oxygen(on_oxygen: bool, cells: list[tuple[float, float, int]]) -> None:
    for first, last, points in cells:
        for value in (first, last):
            made = replace(HYPERCAPNIC, blood_oxygen=value, on_oxygen=on_oxygen)
            assert news2(made).parts[Parameter.BLOOD_OXYGEN] == points, value


def test_oxygen_and_every_state_but_alert_count() -> None:
    assert news2(replace(WELL, on_oxygen=True)).total == 2
    for state in set(Consciousness) - {Consciousness.ALERT}:
        assert news2(replace(WELL, consciousness=state)).total == 3


@pytest.mark.parametrize(
    ("changes", "total", "risk"),
    [
        ({}, 0, Risk.LOW),
        ({"heart_rate": 95, "respiratory_rate": 22, "body_temperature": 38.5}, 4, Risk.LOW),
        ({"consciousness": Consciousness.CONFUSION}, 3, Risk.LOW_MEDIUM),
        ({"consciousness": Consciousness.CONFUSION, "on_oxygen": True}, 5, Risk.MEDIUM),
        ({"heart_rate": 115, "respiratory_rate": 22, "on_oxygen": True}, 6, Risk.MEDIUM),
        ({"heart_rate": 115, "respiratory_rate": 25, "on_oxygen": True}, 7, Risk.HIGH),
    ],
)
def test_the_risk_follows_the_total_and_the_single_three(changes: dict[str, object], total: int, risk: Risk) -> None:
    score = news2(with_(**changes))

    assert (score.total, score.risk) == (total, risk)


@pytest.mark.parametrize("parameter", Parameter)
def test_no_total_without_all_seven(parameter: Parameter) -> None:
    name = "on_oxygen" if parameter is Parameter.OXYGEN_THERAPY else parameter.value
    score = news2(with_(**{name: None}))

    assert (score.total, score.risk, score.missing) == (None, None, (parameter,))
    assert len(score.parts) == 6


def test_above_92_the_second_scale_asks_about_oxygen() -> None:
    unknown = replace(HYPERCAPNIC, on_oxygen=None)

    assert news2(unknown).missing == (Parameter.OXYGEN_THERAPY,)
    assert news2(replace(unknown, blood_oxygen=95)).missing == (Parameter.BLOOD_OXYGEN, Parameter.OXYGEN_THERAPY)


@pytest.mark.parametrize(
    ("name", "value", "points"),
    [
        ("body_temperature", 38.04, 0),
        ("body_temperature", 38.05, 1),
        ("body_temperature", 35.049, 3),
        ("respiratory_rate", 8.4, 3),
        ("respiratory_rate", 8.5, 1),
        ("blood_oxygen", 95.5, 0),
    ],
)
def test_values_count_as_they_would_be_written_down(name: str, value: float, points: int) -> None:
    assert news2(with_(**{name: value})).parts[Parameter(name)] == points


made_at_random = st.builds(
    Observations,
    respiratory_rate=st.floats(0, 80),
    blood_oxygen=st.floats(50, 100),
    on_oxygen=st.booleans(),
    systolic_pressure=st.floats(40, 300),
    heart_rate=st.floats(20, 250),
    consciousness=st.sampled_from(Consciousness),
    body_temperature=st.floats(30, 43),
    scale=st.sampled_from(SpO2Scale),
)


@given(made_at_random)
def test_the_total_is_that_of_its_parts(made: Observations) -> None:
    score = news2(made)

    assert score.total == sum(score.parts.values())
    assert 0 <= (score.total or 0) <= 20
    assert (score.risk in {Risk.HIGH, Risk.MEDIUM}) == ((score.total or 0) >= 5)
