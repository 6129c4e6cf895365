"""The one factor between the two units; here, without Django, so that parsers can have it too."""

from decimal import ROUND_HALF_UP, Decimal

MG_DL_PER_MMOL_L = 18.0182
_TENTH = Decimal("0.1")


def shown_mmol_l(mmol_l: float) -> float:
    """As meters show it: one decimal, halves upwards as they are written, not as binary fractions round them."""
    # Beyond that there is no such decimal, nor such a concentration: whoever asks refuses it.
    return mmol_l if abs(mmol_l) > 1e6 else float(Decimal(repr(mmol_l)).quantize(_TENTH, ROUND_HALF_UP))


def mg_dl_of(mmol_l: float) -> int:
    """Of the value as it is shown: kept with more decimals, 10.03 mmol/L would be 181 mg/dL, high in one unit and in
    range in the other."""
    return round(shown_mmol_l(mmol_l) * MG_DL_PER_MMOL_L)
