"""Indices of the readings themselves, not of a grid. None without readings; no unit where none is named."""

from __future__ import annotations

import numpy as np

from analytics.ranges import STANDARD
from analytics.trace import Trace

HYPO_BELOW, HYPER_ABOVE = 80.0, 140.0
SCALE = 30.0
# COGI: SD and time below range at which a part of the score is used up.
MOST_BELOW, SMALLEST_SD, LARGEST_SD = 15.0, 18.0, 108.0


def m_value(trace: Trace, reference: float) -> float | None:
    """Mean of |10 log10(g / reference)|³. ``reference`` in mg/dL belongs to the name: 120 in the original, 90 in iglu.

    Source: Schlichtkrull 1965, doi:10.1111/j.0954-6820.1965.tb01810.x, without its term for few samples.
    """
    if not len(trace):
        return None
    apart = np.abs(10 * np.log10(trace.glucose / reference))
    return float(np.mean(apart * apart * apart))


def hyper_index(trace: Trace) -> float | None:
    """Sum of (g - 140)^1.1 over g > 140, divided by 30 n. Source: Rodbard 2009, doi:10.1089/dia.2008.0132."""
    if not len(trace):
        return None
    return float(np.sum(np.maximum(trace.glucose - HYPER_ABOVE, 0) ** 1.1) / (SCALE * len(trace)))


def hypo_index(trace: Trace) -> float | None:
    """Sum of (80 - g)² over g < 80, divided by 30 n. Source: as ``hyper_index``."""
    if not len(trace):
        return None
    return float(np.sum(np.maximum(HYPO_BELOW - trace.glucose, 0) ** 2) / (SCALE * len(trace)))


def igc(trace: Trace) -> float | None:
    """Index of glycemic control, the sum of both. Others scale it otherwise (py-agata, glucostats)."""
    hyper, hypo = hyper_index(trace), hypo_index(trace)
    return None if hyper is None or hypo is None else hyper + hypo


def cogi(trace: Trace) -> float | None:
    """Continuous glucose monitoring index, 0 to 100: half time in range, 35 % time below it, 15 % the SD.

    100 of time below range at 0 %, none from 15 % on; 100 of the SD up to 18 mg/dL, none from 108 on. Needs two
    readings. Source: Leelarathna 2019, doi:10.1177/1932296819838525.
    """
    if len(trace) < 2:
        return None
    below = 100 * float(np.mean(trace.below(STANDARD.low)))
    in_range = 100 - below - 100 * float(np.mean(trace.above(STANDARD.high)))
    sd = float(np.std(trace.glucose, ddof=1))
    of_below = np.clip(100 * (1 - below / MOST_BELOW), 0, 100)
    of_sd = np.clip(100 * (LARGEST_SD - sd) / (LARGEST_SD - SMALLEST_SD), 0, 100)
    return float(0.5 * in_range + 0.35 * of_below + 0.15 * of_sd)
