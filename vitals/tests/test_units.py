from __future__ import annotations

import math

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as drawing
from hypothesis import strategies as st

from vitals.catalogue import BY_NAME, TYPES, Metric
from vitals.units import KEPT_DECIMALS, UnitRefused, ValueRefused, canonical, known_unit, shown_in, units_of

PAIRS = [(kind, unit) for kind in TYPES.values() for unit in units_of(kind)]
KINDS_AND_UNITS = st.sampled_from(PAIRS)


@drawing(deadline=None)
@given(KINDS_AND_UNITS, st.floats(0, 1), st.floats(0, 1))
def test_there_and_back_and_in_the_same_order(pair: tuple, one: float, other: float) -> None:  # type: ignore[type-arg]
    kind, unit = pair
    low, high = kind.limits.low, kind.limits.high
    first, second = (low + share * (high - low) for share in sorted((one, other)))
    sent = [shown_in(kind, value, unit) for value in (first, second)]
    back = [canonical(kind, value, unit) for value in sent]
    # What is kept has six decimals in either unit.
    step = max(1.0, *(abs(shown_in(kind, 1000, each) - shown_in(kind, 0, each)) / 1000 for each in units_of(kind)))
    for value, found in zip((first, second), back, strict=True):
        assert math.isclose(found, value, rel_tol=1e-5, abs_tol=2000 * step * 10**-KEPT_DECIMALS)
    assert sent[0] <= sent[1]
    assert back[0] <= back[1]


@pytest.mark.parametrize(
    ("name", "value", "unit", "found"),
    [
        ("body_temperature", 98.6, "°F", 37),
        ("body_temperature", 310.15, "K", 37),
        ("body_weight", 154.323584, "lb", 70),
        ("body_weight", 160, "oz", 4.535924),
        ("height", 6, "ft", 182.88),
        ("height", 70, "in", 177.8),
        ("blood_pressure", 16, "kPa", 120.009869),
        ("water_intake", 1.5, "L", 1500),
        ("sleep_duration", 7.5, "hours", 450),
        ("calories_burned", 418.4, "kJ", 100),
        ("hba1c", 53, "mmol/mol", 7.00044),
        ("fasting_glucose", 5.5, "mmol/L", 99.1001),
        ("cholesterol", 5, "mmol/L", 193.35),
        ("triglycerides", 1.7, "mmol/l", 150.569),
        ("respiratory_rate", 16, "bpm", 16),
    ],
)
def test_known_conversions(name: str, value: float, unit: str, found: float) -> None:
    assert canonical(BY_NAME[name], value, unit) == pytest.approx(found, abs=2e-4)


def test_limits_count_after_rounding_in_other_units_only() -> None:
    temperature, saturation = TYPES[Metric.BODY_TEMPERATURE], TYPES[Metric.BLOOD_OXYGEN]
    assert canonical(temperature, 114.85, "°F") == 46
    assert canonical(saturation, 100, "%") == 100
    for kind, value, unit in [
        (temperature, 115, "°F"),
        (temperature, 46.01, "°C"),
        (saturation, 100.1, "%"),
        (saturation, math.nan, "%"),
        (saturation, math.inf, "%"),
    ]:
        with pytest.raises(ValueRefused, match="Input should be between"):
            canonical(kind, value, unit)


def test_another_kinds_unit_is_refused_with_those_that_are_taken() -> None:
    with pytest.raises(UnitRefused, match="mmol/L is not a unit of heart_rate: send bpm or 1/min"):
        known_unit(TYPES[Metric.HEART_RATE], "mmol/L")
    assert all(known_unit(kind, unit.upper()) == unit for kind, unit in PAIRS if unit != "1/min")


def test_the_document_lists_every_kind_with_its_units_and_limits() -> None:
    written = (settings.BASE_DIR / "docs" / "vitals.md").read_text()
    for kind in TYPES.values():
        others = ", ".join(units_of(kind)[1:])
        low, high = (f"{limit:.10g}" for limit in (kind.limits.low, kind.limits.high))
        if kind.second:
            low, high = f"{low}, diastolic {kind.second.low:g}", f"{high}, diastolic {kind.second.high:g}"
        assert f"| `{kind.name}` | {kind.unit} | {others} | {low} | {high} |" in written
