"""Values as people and programs are told them."""

from __future__ import annotations

from vitals.catalogue import MetricType


def spoken_value(kind: MetricType, value: float, second: float | None) -> float | str:
    """A number in the canonical unit; of a pair its text: "120/80", or "120/" where only the first was measured."""
    if kind.is_pair:
        return f"{written(kind, value)}/{'' if second is None else written(kind, second)}"
    return round(value, max(kind.decimals, 2))


def written(kind: MetricType, value: float) -> str:
    """With as many decimals as the kind is shown with."""
    return f"{value:.{kind.decimals}f}"
