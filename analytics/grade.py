"""GRADE: how bad clinicians judge a glucose value to be, and which side it comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.trace import Limit, Trace

WORST = 50.0
# The formula's own, of 2007: other than the factor that readings are converted by.
MG_DL_PER_MMOL_L = 18.0
HYPO_BELOW, HYPER_ABOVE = Limit(70, 3.9), Limit(140, 7.8)


@dataclass(frozen=True, slots=True)
class Grade:
    """``score``: 0 to 50. The others: % of the summed score, together 100."""

    score: float
    hypo: float
    eu: float
    hyper: float


def grade(trace: Trace) -> Grade | None:
    """Mean of min(50, 425 (log10(log10(g in mmol/L)) + 0.16)²); shares below 3.9, up to 7.8 and above, mmol/L.

    Source: Hill 2007, doi:10.1111/j.1464-5491.2007.02119.x. R iglu takes what is below 80 mg/dL for low by default, so
    that its three shares exceed 100.
    """
    if not len(trace):
        return None
    # At 18 mg/dL and below the inner logarithm is not positive: as bad as can be.
    mmol = np.maximum(trace.glucose / MG_DL_PER_MMOL_L, 1 + 1e-9)
    scores = np.minimum(WORST, 425 * (np.log10(np.log10(mmol)) + 0.16) ** 2)
    is_hypo, is_hyper = trace.below(HYPO_BELOW), trace.above(HYPER_ABOVE)
    total = float(scores.sum())
    hypo, hyper = (100 * float(scores[flags].sum()) / total for flags in (is_hypo, is_hyper))
    return Grade(float(scores.mean()), hypo, 100 - hypo - hyper, hyper)
