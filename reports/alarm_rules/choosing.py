"""Which preset a clinic or a group follows, and what another one, or a newer version, would change."""

from __future__ import annotations

from alerts.models import ClinicAlarms, Rule
from alerts.presets import VERSION, presets
from alerts.rules import standing_for_clinic
from alerts.rules.choice import PresetChoice, clinic_choice, group_choice
from alerts.rules.standing import Standing, laid_over, of_preset, with_preset_of_group
from reports.alarm_rules.places import Place
from reports.alarm_rules.wording import differences, sentence

NAMES = {preset.code: preset.name for preset in presets()}


def preset_words(choice: PresetChoice) -> str:
    return f"preset {NAMES.get(choice.name, choice.name)}, version {choice.version}"


def followed(place: Place) -> PresetChoice | None:
    """None: a group that follows the clinic's."""
    return group_choice(place.group) if place.group else clinic_choice()


def is_chosen() -> bool:
    """Whether somebody pinned a version; a clinic that did not follows the newest one."""
    return bool(ClinicAlarms.objects.exists())


def is_outdated(choice: PresetChoice | None) -> bool:
    return choice is not None and choice.version < VERSION


def changes_by(place: Place, preset: str, unit: str) -> list[str]:
    """Sentences about what would stand differently here with the newest version of ``preset``; "" for the clinic's."""
    before, after = place.standing(), _standing_with(place, preset)
    found = []
    for code in sorted({*before, *after}):
        old, new = before.get(code), after.get(code)
        if old is None and new is not None:
            found.append(f"New: “{new.name}”. {sentence(new, unit)}")
        elif old is not None and new is None:
            found.append(f"Gone: “{old.name}”.")
        elif old is not None and new is not None and (told := differences(old, new, unit)):
            found.append(f"“{old.name}”: {'; '.join(told)}.")
    return found


def _standing_with(place: Place, preset: str) -> Standing:
    chosen = PresetChoice(preset, VERSION) if preset else None
    if place.group:
        below = with_preset_of_group(standing_for_clinic(), chosen, clinic_choice())
        return laid_over(below, Rule.objects.of_group(place.group))
    return laid_over(of_preset(chosen or clinic_choice()), Rule.objects.of_clinic())
