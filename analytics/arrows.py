"""Where glucose is heading at a reading, in Dexcom's words. A device's own arrow goes before a computed one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analytics.trace import MINUTE, Trace

WINDOW, SHORTEST_SPAN = 20 * MINUTE, 10 * MINUTE
FEWEST = 3


class Arrow(StrEnum):
    DOUBLE_UP = "doubleUp"
    SINGLE_UP = "singleUp"
    FORTY_FIVE_UP = "fortyFiveUp"
    FLAT = "flat"
    FORTY_FIVE_DOWN = "fortyFiveDown"
    SINGLE_DOWN = "singleDown"
    DOUBLE_DOWN = "doubleDown"
    NOT_COMPUTABLE = "notComputable"


@dataclass(frozen=True, slots=True)
class Heading:
    """``rate``: mg/dL per minute, to two decimals; None: not computable."""

    arrow: Arrow
    rate: float | None


def arrow_of(rate: float | None) -> Arrow:
    """Beyond 3, 2 and 1 mg/dL per minute; exactly 1 is still flat. Source: Dexcom G7 manual."""
    if rate is None:
        return Arrow.NOT_COMPUTABLE
    size = abs(rate)
    if size <= 1:
        return Arrow.FLAT
    if size <= 2:
        return Arrow.FORTY_FIVE_UP if rate > 0 else Arrow.FORTY_FIVE_DOWN
    if size <= 3:
        return Arrow.SINGLE_UP if rate > 0 else Arrow.SINGLE_DOWN
    return Arrow.DOUBLE_UP if rate > 0 else Arrow.DOUBLE_DOWN


def heading(trace: Trace) -> Heading:
    """At the newest reading, as the store computes it for the current value (``readings.store``): least squares over
    the 20 minutes before, at least three readings over 10 minutes; none of "Low" or "High", which are mere bounds."""
    if not len(trace) or trace.beyond[-1]:
        return Heading(Arrow.NOT_COMPUTABLE, None)
    is_recent = (trace.instants > trace.instants[-1] - WINDOW) & (trace.beyond == 0)
    instants, values = trace.instants[is_recent], trace.glucose[is_recent]
    if len(instants) < FEWEST or instants[-1] - instants[0] < SHORTEST_SPAN:
        return Heading(Arrow.NOT_COMPUTABLE, None)
    minutes = (instants - instants.mean()) / MINUTE
    rate = round(float(np.sum(minutes * (values - values.mean())) / np.sum(minutes * minutes)), 2)
    return Heading(arrow_of(rate), rate)
