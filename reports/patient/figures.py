"""Numbers of the answers over REST, as a page tells them."""

from __future__ import annotations

from tenancy.models import GlucoseUnit

NOTHING = "–"  # noqa: RUF001 - no value


def told_figure(value: float | None, unit: str = "") -> str:
    if value is None:
        return NOTHING
    return _with_unit(f"{value:.{_places(unit)}f}", unit)


def told_change(value: float | None, unit: str = "") -> str:
    """Of shares in points: "5 % more" of 20 % could be 21 or 25."""
    if value is None:
        return NOTHING
    rounded = f"{value:+.{_places(unit)}f}"
    if float(rounded) == 0:
        return "no change"
    return _with_unit(rounded.replace("-", "−"), "points" if unit == "%" else unit)  # noqa: RUF001 - a minus


def _places(unit: str) -> int:
    return 0 if unit == GlucoseUnit.MG_DL else 1


def _with_unit(number: str, unit: str) -> str:
    return f"{number}{unit}" if unit == "%" else f"{number} {unit}".rstrip()
