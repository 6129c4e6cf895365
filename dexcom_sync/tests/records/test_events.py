from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dexcom_sync.records import Flag, Leniency, Reason, parse_event
from dexcom_sync.tests.records.raw import CONTEXT, event, read


def parse(**changes: Any) -> Any:
    return read(parse_event(event(**changes), CONTEXT))


def test_a_usual_event() -> None:
    found = parse()

    assert (found.event_type, found.event_status, found.event_sub_type) == ("carbs", "created", "")
    assert (found.value, found.text, found.unit) == (Decimal(45), "45", "grams")
    assert found.recorded.system_text == "2025-03-09T14:06:00Z"
    assert found.provenance.codes == []
    assert not found.is_deleted


@pytest.mark.parametrize("value", ["4.5", 4.5])
def test_an_amount_may_be_text_or_a_number(value: object) -> None:
    """Q11."""
    found = parse(eventType="insulin", eventSubType="fastActing", unit="units", value=value)

    assert (found.value, found.text) == (Decimal("4.5"), "4.5")
    assert found.provenance.codes == []


@pytest.mark.parametrize(("event_type", "unit"), [("insulin", "units"), ("carbs", "grams")])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_dose_is_unknown_and_not_zero(event_type: str, unit: str, value: str | None) -> None:
    """Q12."""
    found = parse(eventType=event_type, unit=unit, value=value)

    assert found.value is None
    assert found.provenance.flags == (Flag.AMOUNT_MISSING,)


@pytest.mark.parametrize("value", ["-1", "-1.00", -1])
def test_exercise_of_minus_one_minute_was_not_set(value: object) -> None:
    found = parse(eventType="exercise", eventSubType="light", unit="minutes", value=value)

    assert found.value is None
    assert found.provenance.flags == (Flag.AMOUNT_UNSET,)


@pytest.mark.parametrize(
    ("changes", "value", "flags"),
    [
        ({"eventType": "insulin", "unit": "units", "value": "251"}, Decimal(251), (Flag.AMOUNT_IMPLAUSIBLE,)),
        ({"eventType": "insulin", "unit": "units", "value": "-3"}, Decimal(-3), (Flag.AMOUNT_IMPLAUSIBLE,)),
        ({"eventType": "insulin", "unit": "", "value": "3"}, Decimal(3), (Flag.UNIT_MISSING,)),
        ({"eventType": "insulin", "unit": "grams", "value": "3"}, Decimal(3), (Flag.UNIT_UNKNOWN,)),
        ({"eventType": "carbs", "value": "some"}, None, (Flag.AMOUNT_UNREADABLE,)),
        ({"eventType": "carbs", "value": "1e9"}, None, (Flag.AMOUNT_UNREADABLE,)),
        ({"eventType": "carbs", "value": "NaN"}, None, (Flag.AMOUNT_UNREADABLE,)),
        ({"eventType": "bloodGlucose", "unit": "mg/dL", "value": "120"}, Decimal(120), ()),
        ({"eventType": "health", "eventSubType": "stress", "unit": None, "value": "7"}, None, ()),
        ({"eventType": "carbs", "eventStatus": "deleted", "value": None}, None, ()),
    ],
)
def test_amounts_are_numbers_only_where_they_can_be(changes: Any, value: Decimal | None, flags: Any) -> None:
    found = parse(**changes)

    assert (found.value, found.provenance.flags) == (value, flags)


def test_a_note_is_text_and_its_other_name_is_told() -> None:
    """Q13."""
    found = parse(eventType="note", unit=None, value=" 12 biscuits ")

    assert (found.event_type, found.value, found.text) == ("notes", None, "12 biscuits")
    assert found.provenance.leniencies == (Leniency.ALIAS,)
    assert parse(eventType="notes", unit=None, value="12").value is None


def test_edits_and_deletions_keep_their_words() -> None:
    """Q15."""
    assert parse(eventStatus="deleted").is_deleted
    assert parse(eventStatus="updated").event_status == "updated"
    assert parse(eventStatus="merged").provenance.unknown_words == ("eventStatus",)


def test_the_time_of_entry_may_be_missing_or_odd() -> None:
    assert parse(recordedSystemTime=None).recorded is None
    odd = parse(recordedSystemTime="soon")
    assert odd.recorded is None
    assert odd.provenance.leniencies == (Leniency.RECORDED_TIME_UNREADABLE,)


def test_a_note_that_no_column_can_hold_waits() -> None:
    found: Any = parse_event(event(eventType="notes", value="a\0"), CONTEXT)

    assert found.reason is Reason.TEXT_CANNOT_BE_STORED
    assert found.field == "value"
