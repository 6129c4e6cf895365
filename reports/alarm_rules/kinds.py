"""Each kind of condition as a sentence with blanks. The engine says what is valid; this says how it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.engine.conditions.reading import LONGEST_RUN_MINUTES
from alerts.engine.measures import MEASURES
from alerts.models import Severity
from reports.alarm_rules.blanks import Blank, Choice, Clock, Glucose, Measured, OtherRule, Rate, Text, Whole

# Stands in sentences where the clinic's unit is read.
UNIT = "{unit}"


@dataclass(frozen=True, slots=True)
class Kind:
    """``begins``: the words that choose it; ``goes_on``: words and blanks behind them."""

    type: str
    begins: str
    goes_on: tuple[str | Blank, ...]
    about: str

    @property
    def blanks(self) -> tuple[Blank, ...]:
        return tuple(part for part in self.goes_on if isinstance(part, Blank))


def _limit(kind: str, words: str) -> Kind:
    return Kind(kind, f"glucose is {words}", (Glucose("mgdl", "limit"), UNIT), "Glucose")


def _range(kind: str, words: str) -> Kind:
    parts = (Glucose("low", "lower end"), "and", Glucose("high", "upper end"), UNIT)
    return Kind(kind, f"glucose is {words}", parts, "Glucose")


def _minutes(name: str, low: int, high: int = 1440) -> Whole:
    return Whole(name, "minutes", low=low, high=high)


_METHOD = Choice("method", "how it is foretold", choices=(
    ("linear", "the straight line of the last 15 minutes"), ("ar2", "the curve of the last readings"),
))  # fmt: skip
_FORETOLD = ("within", _minutes("withinMinutes", 5, 60), "minutes, by", _METHOD)

LEAVES = (
    _limit("below", "below"),
    _limit("atOrBelow", "at or below"),
    _limit("above", "above"),
    _limit("atOrAbove", "at or above"),
    _range("between", "between"),
    _range("outside", "not between"),
    Kind(
        "predictedBelow",
        "glucose is expected to fall to",
        (
            Glucose("mgdl", "limit"), UNIT, *_FORETOLD, "and is now below",
            Glucose("currentBelow", "now below, or empty", may_be_empty=True), UNIT, "(may be empty)",
        ),
        "Glucose",
    ),
    Kind("predictedAbove", "glucose is expected to rise to", (Glucose("mgdl", "limit"), UNIT, *_FORETOLD), "Glucose"),
    Kind(
        "rate",
        "glucose changes fast:",
        (
            Choice("trend", "up or down", choices=(("falling", "falling"), ("rising", "rising"))), "by",
            Rate("mgdlPerMinute", "how fast"), f"{UNIT} per minute or faster, over",
            Choice("over", "over what", choices=(("fifteenMinutes", "15 minutes"), ("twoReadings", "two readings"))),
        ),
        "Glucose",
    ),
    Kind("flatLine", "the value stays the same", ("for", _minutes("minutes", 30, 50), "minutes"), "Sensor and device"),
    Kind(
        "jump",
        "the value jumps",
        ("by more than", Rate("mgdlPerMinute", "how fast", low=2, high=20), f"{UNIT} per minute"),
        "Sensor and device",
    ),
    Kind("noReadingFor", "no reading comes", ("for", _minutes("minutes", 15), "minutes"), "Sensor and device"),
    Kind("deviceOffline", "the device is offline", ("for", _minutes("minutes", 5), "minutes"), "Sensor and device"),
    Kind("battery", "the battery is below", (Whole("belowPercent", "percent", low=1, high=100), "%"),
         "Sensor and device"),
    Kind(
        "quality",
        "the signal is",
        (Choice("atMost", "quality", choices=(("poor", "poor"), ("fair", "fair or poor"))),),
        "Sensor and device",
    ),
    Kind(
        "vital",
        "another measurement,",
        (
            Choice("metric", "what", choices=tuple(
                (measure.name, f"{measure.said} ({measure.unit})") for measure in MEASURES.values()
            )),
            ", is",
            Choice("operator", "compared how", choices=(
                ("gt", "above"), ("gte", "at or above"), ("lt", "below"), ("lte", "at or below"), ("eq", "exactly"),
                ("ne", "other than"), ("between", "between"), ("outside", "not between"),
            )),
            Measured("value", "value"), "and", Measured("valueHigh", "upper value", may_be_empty=True),
            "(for two ends only), for", _minutes("forMinutes", 0), "minutes",
        ),
        "Vital signs and other measurements",
    ),
    Kind(
        "timeOfDay",
        "the clock is",
        (
            "between", Clock("from", "from"), "and", Clock("until", "until"), "on the clock of",
            Text("timeZone", "time zone, or empty for the patient's own", may_be_empty=True),
            "(empty: the patient's own)",
        ),
        "Time and other alarms",
    ),
    Kind(
        "alert",
        "another alarm,",
        (
            OtherRule("rule", "alarm"), ", is",
            Choice("is", "state", choices=(("active", "active"), ("unacknowledged", "not acknowledged"))),
            "for", _minutes("forMinutes", 0), "minutes",
        ),
        "Time and other alarms",
    ),
)  # fmt: skip

GROUPS = (
    Kind("all", "all of these (and)", (), ""),
    Kind("any", "one of these or more (or)", (), ""),
)
NOT = Kind("not", "this is not so", (), "")
SUSTAINED = Kind(
    "sustained",
    "this goes on without a break",
    ("for", _minutes("minutes", 1, LONGEST_RUN_MINUTES), "minutes"),
    "",
)

KINDS = {kind.type: kind for kind in (*LEAVES, *GROUPS, NOT, SUSTAINED)}
GROUP_TYPES = frozenset(kind.type for kind in GROUPS)
WRAPPERS = frozenset({NOT.type, SUSTAINED.type})
LEAF_TYPES = frozenset(kind.type for kind in LEAVES)

# What a rule says beside its condition.
NAME = Text("name", "Name")
SEVERITY = Choice("severity", "Severity", choices=tuple(Severity.choices))
IS_ON = Choice("is_on", "On or off", choices=(("on", "On"), ("off", "Off")))
CONFIRM = _minutes("confirm_minutes", 0)
CLOSE = _minutes("close_minutes", 0)
MARGIN = Glucose("margin", "margin", low=0, high=50)
REPEAT = Whole("repeat_minutes", "minutes, or empty", may_be_empty=True, low=1, high=1440)
AROUND = (NAME, SEVERITY, IS_ON, CONFIRM, CLOSE, MARGIN, REPEAT)
