"""What reading one raw record can give, besides the record."""

from __future__ import annotations

import enum
from datetime import datetime, tzinfo

import msgspec


class Resource(enum.StrEnum):
    """As in Dexcom's paths."""

    EGVS = "egvs"
    EVENTS = "events"
    CALIBRATIONS = "calibrations"
    ALERTS = "alerts"
    DEVICES = "devices"
    DATA_RANGE = "dataRange"


class Reason(enum.StrEnum):
    """Why a record waits for a person, or for a better parser."""

    NOT_AN_OBJECT = "not_an_object"
    TIME_UNREADABLE = "time_unreadable"
    TIME_TOO_FAR_AHEAD = "time_too_far_ahead"
    VALUE_UNREADABLE = "value_unreadable"
    VALUE_OUT_OF_BOUNDS = "value_out_of_bounds"
    UNIT_UNKNOWN = "unit_unknown"
    UNIT_CONTRADICTS_VALUE = "unit_contradicts_value"
    TEXT_CANNOT_BE_STORED = "text_cannot_be_stored"


class Leniency(enum.StrEnum):
    """What was read although it is not written as documented. Each is counted; none is silent."""

    TIME_WITHOUT_SECONDS = "time_without_seconds"
    TIME_WITHOUT_MINUTES = "time_without_minutes"
    TIME_WITH_FRACTION = "time_with_fraction"
    TIME_WITH_ONE_DIGIT_FIELDS = "time_with_one_digit_fields"
    TIME_WITH_SPACE = "time_with_space"
    OFFSET_SHORTENED = "offset_shortened"
    OFFSET_WITH_SECONDS = "offset_with_seconds"
    OFFSET_IMPOSSIBLE = "offset_impossible"
    DISPLAY_ZULU_IS_NO_OFFSET = "display_zulu_is_no_offset"
    DISPLAY_TIME_UNREADABLE = "display_time_unreadable"
    RECORDED_TIME_UNREADABLE = "recorded_time_unreadable"
    TEXT_FROM_NUMBER = "text_from_number"
    TEXT_UNREADABLE = "text_unreadable"
    NUMBER_FROM_TEXT = "number_from_text"
    NUMBER_ROUNDED = "number_rounded"
    NUMBER_UNREADABLE = "number_unreadable"
    FLAG_UNREADABLE = "flag_unreadable"
    ALIAS = "alias"
    SCHEDULES_UNREADABLE = "schedules_unreadable"
    SETTING_NORMALISED = "setting_normalised"
    SETTING_TWICE = "setting_twice"
    SETTING_UNREADABLE = "setting_unreadable"


class Flag(enum.StrEnum):
    """What somebody who uses the record has to know about it."""

    ID_DERIVED = "id_derived"
    CLOCK_AHEAD = "clock_ahead"
    LONG_AGO = "long_ago"
    WRONG_DATE = "wrong_date"
    NO_VALUE = "no_value"
    BEYOND_RANGE = "beyond_range"
    STATUS_CONTRADICTS_VALUE = "status_contradicts_value"
    CONVERTED_FROM_MMOL = "converted_from_mmol"
    UNIT_MISSING = "unit_missing"
    UNIT_UNKNOWN = "unit_unknown"
    RATE_UNIT_UNKNOWN = "rate_unit_unknown"
    AMOUNT_MISSING = "amount_missing"
    AMOUNT_UNREADABLE = "amount_unreadable"
    AMOUNT_UNSET = "amount_unset"
    AMOUNT_IMPLAUSIBLE = "amount_implausible"


Leniencies = tuple[Leniency, ...]
Flags = tuple[Flag, ...]


class Context(msgspec.Struct, frozen=True):
    """``now``: aware, when the page was fetched. ``zone``: the patient's, where a device tells no offset."""

    now: datetime
    zone: tzinfo


class Quarantined(msgspec.Struct, frozen=True):
    """A record that cannot be read. ``field``: what could not; no value of the record is in here.

    ``payload_digest`` tells it apart from others, and finds it again in the raw page.
    """

    resource: Resource
    reason: Reason
    field: str
    payload_digest: bytes
