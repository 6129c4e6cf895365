"""Rules to begin with. A version that was released is never changed: clinics chose it as it was."""

from __future__ import annotations

from alerts.presets import version_1
from alerts.presets.table import Preset, PresetRule

VERSION = 1
STANDARD = "standard"

_VERSIONS = {1: version_1.PRESETS}


def presets(version: int = VERSION) -> tuple[Preset, ...]:
    return _VERSIONS[version]


def preset(code: str, version: int = VERSION) -> Preset:
    """KeyError where there is none of this code and version."""
    for candidate in _VERSIONS[version]:
        if candidate.code == code:
            return candidate
    raise KeyError(code)


__all__ = ["STANDARD", "VERSION", "Preset", "PresetRule", "preset", "presets"]
