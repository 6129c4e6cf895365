"""What is aimed at, by kind of patient. Data with a version: a report says by which it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from analytics.ranges import PREGNANCY, STANDARD, RangeLimits


class Preset(StrEnum):
    ADULT = "adult"
    OLDER = "older"
    PREGNANCY = "pregnancy"
    PREGNANCY_WITHOUT_GOALS = "pregnancy_without_goals"


@dataclass(frozen=True, slots=True)
class Goals:
    """Percent of the time; None: the consensus sets no goal there. ``low_below`` and ``high_below`` are of the combined
    shares (very low with low, very high with high). ``mean_below`` in mg/dL."""

    version: str
    source: str
    limits: RangeLimits
    in_range_above: float | None = None
    low_below: float | None = None
    very_low_below: float | None = None
    high_below: float | None = None
    very_high_below: float | None = None
    cv_at_most: float | None = None
    mean_below: float | None = None
    gmi_below: float | None = None


CONSENSUS_VERSION = "2019"
CONSENSUS = "Battelino 2019, 10.2337/dci19-0028, tables 3 and 4"

GOALS: Mapping[Preset, Goals] = MappingProxyType(
    {
        # Mean and GMI stand on the sheet of the ambulatory glucose profile, not in the consensus.
        Preset.ADULT: Goals(
            version=CONSENSUS_VERSION,
            source=f"{CONSENSUS}; mean and GMI as on the AGP sheet",
            limits=STANDARD,
            in_range_above=70,
            low_below=4,
            very_low_below=1,
            high_below=25,
            very_high_below=5,
            cv_at_most=36,
            mean_below=154,
            gmi_below=7,
        ),
        Preset.OLDER: Goals(
            version=CONSENSUS_VERSION,
            source=CONSENSUS,
            limits=STANDARD,
            in_range_above=50,
            low_below=1,
            high_below=50,
            very_high_below=10,
            cv_at_most=36,
        ),
        Preset.PREGNANCY: Goals(
            version=CONSENSUS_VERSION,
            source=f"{CONSENSUS} (pregnancy, type 1)",
            limits=PREGNANCY,
            in_range_above=70,
            low_below=4,
            very_low_below=1,
            high_below=25,
            cv_at_most=36,
        ),
        # Gestational and type 2: the table refers to a section that sets none. "> 90 %" was in the conference's draft.
        Preset.PREGNANCY_WITHOUT_GOALS: Goals(
            version=CONSENSUS_VERSION, source=f"{CONSENSUS} (gestational and type 2: none set)", limits=PREGNANCY
        ),
    }
)
