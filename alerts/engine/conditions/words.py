"""Numbers as a clinic reads them."""

from __future__ import annotations

from analytics.units import MG_DL_PER_MMOL_L

MMOL_L = "mmol/L"


def glucose(mg_dl: float, unit: str) -> str:
    return f"{mg_dl / MG_DL_PER_MMOL_L:.1f} {MMOL_L}" if unit == MMOL_L else f"{mg_dl:g} mg/dL"


def glucose_range(low: float, high: float, unit: str) -> str:
    """The unit once, behind both."""
    return f"{glucose(low, unit).split()[0]} and {glucose(high, unit)}"


def rate(mg_dl_per_minute: float, unit: str) -> str:
    if unit == MMOL_L:
        return f"{mg_dl_per_minute / MG_DL_PER_MMOL_L:.2f} {MMOL_L} per minute"
    return f"{mg_dl_per_minute:g} mg/dL per minute"


def minutes(count: int) -> str:
    if count % 60 == 0:
        return _counted(count // 60, "hour")
    return _counted(count, "minute")


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
