"""Which rules stand for a patient: a patient's own, else the group's, else the clinic's, else the preset's."""

from alerts.rules.effective import EffectiveRule, effective_rules
from alerts.rules.standing import (
    Level,
    StandingRule,
    rules_below,
    standing_for_clinic,
    standing_for_group,
    standing_for_patient,
)

__all__ = [
    "EffectiveRule",
    "Level",
    "StandingRule",
    "effective_rules",
    "rules_below",
    "standing_for_clinic",
    "standing_for_group",
    "standing_for_patient",
]
