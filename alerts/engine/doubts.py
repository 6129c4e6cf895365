"""What makes an alarm less certain. It is said with the alarm, and takes none away: urgent lows least of all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from alerts.engine.conditions.glucose import Limit, Predicted, Range, Rate
from alerts.engine.conditions.node import Node, direction_of
from alerts.engine.trace import Moment
from analytics.compression import is_in_possible_dip

# Makers name 12 hours (Libre) to 24 hours.
NEW_FOR = timedelta(hours=24)
ABOUT_GLUCOSE = (Limit, Range, Predicted, Rate)


class Doubt(StrEnum):
    COMPRESSION = "possible_compression"
    NEW_SENSOR = "new_sensor"


IN_WORDS = {
    Doubt.COMPRESSION: "Possible compression low: a sudden dip from a level trace at night, as when somebody lies on "
    "the sensor. It may be real: look at the patient.",
    Doubt.NEW_SENSOR: "The device has been on this patient for less than a day: its values are less accurate at first.",
}


def in_words(found: Iterable[str]) -> list[str]:
    """Of doubts as an episode keeps them; without those of a version that said more."""
    return [IN_WORDS[doubt] for doubt in Doubt if doubt in set(found)]


def doubts(condition: Node, moment: Moment) -> tuple[Doubt, ...]:
    """About an alarm that begins at this moment."""
    found = []
    if direction_of(condition) == "low" and is_in_possible_dip(moment.of_one_device, moment.zone):
        found.append(Doubt.COMPRESSION)
    is_new = moment.worn_for is not None and moment.worn_for < NEW_FOR
    if is_new and any(isinstance(node, ABOUT_GLUCOSE) for node in condition.walk()):
        found.append(Doubt.NEW_SENSOR)
    return tuple(found)
