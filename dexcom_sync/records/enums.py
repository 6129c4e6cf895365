"""The words that Dexcom documents, and those that were seen in the field. Unknown ones are kept, and told."""

from __future__ import annotations

from typing import Final

DISPLAY_DEVICES: Final = frozenset({"unknown", "receiver", "iOS", "android", "shareReceiver", "touchscreenReceiver"})
RECEIVERS: Final = frozenset({"receiver", "shareReceiver", "touchscreenReceiver"})
MOBILES: Final = frozenset({"iOS", "android"})
DISPLAY_APPS: Final = frozenset(
    {"unknown", "G5", "G6", "G7", "DexcomOne", "D1G7", "G7Android", "receiver", "Watch"},
)
GENERATIONS: Final = frozenset(
    {"unknown", "g4", "g5", "g6", "g6+", "g6Pro", "g6 pro", "dexcomPro", "g7", "g715day"},
)
VARIANTS: Final = frozenset({"d1+", "g6", "g7", "g715day"})

GLUCOSE_UNITS: Final = frozenset({"unknown", "mg/dL", "mmol/L"})
RATE_UNITS: Final = frozenset({"unknown", "mg/dL/min", "mmol/L/min"})
EGV_STATUSES: Final = frozenset({"unknown", "low", "high", "ok"})
TRENDS: Final = frozenset(
    {
        "doubleUp",
        "singleUp",
        "fortyFiveUp",
        "flat",
        "fortyFiveDown",
        "singleDown",
        "doubleDown",
        "none",
        "notComputable",
        "rateOutOfRange",
        "unknown",
    }
)

EVENT_STATUSES: Final = frozenset({"created", "updated", "deleted"})
EVENT_TYPES: Final = frozenset({"unknown", "insulin", "carbs", "exercise", "health", "bloodGlucose", "notes"})
EVENT_TYPE_ALIASES: Final = {"note": "notes"}
EVENT_SUB_TYPES: Final = frozenset(
    {
        "unknown",
        "fastActing",
        "longActing",
        "light",
        "medium",
        "heavy",
        "illness",
        "stress",
        "highSymptoms",
        "lowSymptoms",
        "cycle",
        "alcohol",
    }
)
EVENT_UNITS: Final = frozenset({"unknown", "grams", "mg/dL", "mmol/L", "minutes", "units"})

ALERT_NAMES: Final = frozenset(
    {
        "unknown",
        "high",
        "low",
        "rise",
        "fall",
        "outOfRange",
        "urgentLow",
        "urgentLowSoon",
        "noReadings",
        "fixedLow",
    }
)
ALERT_STATES: Final = frozenset({"unknown", "inactive", "activeSnoozed", "activeAlarming"})
SETTING_UNITS: Final = frozenset(
    {"unknown", "grams", "mg/dL", "mmol/L", "mg/dL/min", "mmol/L/min", "minutes", "units"},
)
SOUND_THEMES: Final = frozenset({"unknown", "modern", "classic"})
SOUND_OUTPUT_MODES: Final = frozenset({"unknown", "sound", "vibrate", "match"})
OVERRIDE_MODES: Final = frozenset({"unknown", "quiet", "vibrate"})
WEEKDAYS: Final = frozenset({"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"})

# Lengths that the tables hold. What is longer waits in quarantine, whole.
ID_LENGTH: Final = 128
WORD_LENGTH: Final = 40


def is_receiver(display_device: str) -> bool:
    return "receiver" in display_device.lower()
