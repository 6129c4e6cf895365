"""Centre and spread of the readings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.trace import Trace
from analytics.units import MG_DL_PER_MMOL_L


@dataclass(frozen=True, slots=True)
class Centre:
    """In mg/dL unless said; None where there are too few readings.

    ``sd``: with n-1. ``cv``: 100 sd / mean, in percent. ``iqr``: between the quartiles of type 7 (numpy's and R's own).
    ``gmi``: 3.31 + 0.02392 mean, in percent, and ``gmi_mmol_mol``: 12.71 + 4.70587 mean in mmol/L (Bergenstal 2018,
    10.2337/dc18-1581). ``ea1c``: (mean + 46.7) / 28.7, in percent (Nathan 2008, ADAG); GMI has replaced it on reports.
    ``j_index``: 0.001 (mean + sd)^2 (Wojcicki 1995).
    """

    count: int
    mean: float | None = None
    median: float | None = None
    sd: float | None = None
    cv: float | None = None
    iqr: float | None = None
    gmi: float | None = None
    gmi_mmol_mol: float | None = None
    ea1c: float | None = None
    j_index: float | None = None
    minimum: float | None = None
    maximum: float | None = None


def centre(trace: Trace) -> Centre:
    glucose = trace.glucose
    if not len(glucose):
        return Centre(count=0)
    mean = float(np.mean(glucose))
    lower, median, upper = (float(value) for value in np.percentile(glucose, (25, 50, 75)))
    sd = float(np.std(glucose, ddof=1)) if len(glucose) > 1 else None
    return Centre(
        count=len(glucose),
        mean=mean,
        median=median,
        sd=sd,
        cv=None if sd is None else 100 * sd / mean,
        iqr=upper - lower,
        gmi=gmi_of_mean(mean),
        gmi_mmol_mol=12.71 + 4.70587 * mean / MG_DL_PER_MMOL_L,
        ea1c=(mean + 46.7) / 28.7,
        j_index=None if sd is None else 0.001 * (mean + sd) ** 2,
        minimum=float(np.min(glucose)),
        maximum=float(np.max(glucose)),
    )


def gmi_of_mean(mean: float) -> float:
    """In percent, of a mean in mg/dL: also of means that come from summaries of days."""
    return 3.31 + 0.02392 * mean
