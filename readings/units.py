"""Glucose in the unit that a clinic reads. Values are kept and classified in mg/dL; only what is shown is converted."""

from __future__ import annotations

from analytics.units import MG_DL_PER_MMOL_L
from tenancy.models import GlucoseUnit


def in_unit(mg_dl: float, unit: str) -> float:
    return mg_dl / MG_DL_PER_MMOL_L if unit == GlucoseUnit.MMOL_L else mg_dl


def format_glucose(mg_dl: float, unit: str) -> str:
    """The number alone: whole mg/dL, or mmol/L with one decimal."""
    return f"{in_unit(mg_dl, unit):.1f}" if unit == GlucoseUnit.MMOL_L else f"{mg_dl:.0f}"
