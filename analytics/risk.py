"""Risk of low and high glucose, after Kovatchev."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.trace import Floats, Trace


@dataclass(frozen=True, slots=True)
class Risk:
    """Without unit; None without readings.

    With f = 1.509 (ln(g)^1.084 - 5.381) of g in mg/dL, 10 f^2 is risk of lows where f < 0 and of highs where f > 0
    (Kovatchev 1997). ``lbgi``, ``hbgi``: the means of these over all readings, also those on the other side; ``bgri``:
    their sum. ``adrr``: the mean over local days of the day's highest risk of lows plus that of highs (Kovatchev 2006,
    10.2337/dc06-1085); the paper asks for three readings a day on 14 days. R iglu rounds 10 x 1.509^2 to 22.77.
    """

    lbgi: float | None = None
    hbgi: float | None = None
    bgri: float | None = None
    adrr: float | None = None


def risk(trace: Trace) -> Risk:
    if not len(trace):
        return Risk()
    lows, highs = risks(trace.glucose)
    lbgi, hbgi = float(lows.mean()), float(highs.mean())
    # Not by runs: where the clock is set back at midnight, the evening before comes once more.
    days, of = np.unique(trace.local_days, return_inverse=True)
    worst = np.zeros((2, len(days)))
    np.maximum.at(worst[0], of, lows)
    np.maximum.at(worst[1], of, highs)
    return Risk(lbgi=lbgi, hbgi=hbgi, bgri=lbgi + hbgi, adrr=float(worst.sum(axis=0).mean()))


def risks(glucose: Floats) -> tuple[Floats, Floats]:
    """Risk of lows and of highs for each value. Below 1 mg/dL the logarithm has no power; no sensor tells that."""
    signed = 1.509 * (np.log(np.maximum(glucose, 1.0)) ** 1.084 - 5.381)
    each = 10 * signed**2
    return np.where(signed < 0, each, 0.0), np.where(signed > 0, each, 0.0)
