"""Which preset a clinic and its groups chose, in which version."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.models import ClinicAlarms, RuleGroup
from alerts.presets import STANDARD, VERSION


@dataclass(frozen=True, slots=True)
class PresetChoice:
    """Pinned: a newer version of a preset changes no clinic's alarms until the clinic takes it."""

    name: str
    version: int


def clinic_choice() -> PresetChoice:
    return choice_of(ClinicAlarms.objects.first())


def choice_of(chosen: ClinicAlarms | None) -> PresetChoice:
    if chosen is None:
        return PresetChoice(STANDARD, VERSION)
    return PresetChoice(chosen.preset, chosen.preset_version)


def group_choice(group: RuleGroup) -> PresetChoice | None:
    """None: the clinic's."""
    if not group.preset or group.preset_version is None:
        return None
    return PresetChoice(group.preset, group.preset_version)
