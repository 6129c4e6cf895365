"""Calibrations, alerts, the data range and envelopes."""

from __future__ import annotations

from typing import Any

import pytest

from dexcom_sync.records import (
    EnvelopeFault,
    Flag,
    Quarantined,
    Range,
    Reason,
    Resource,
    check_envelope,
    parse_alert,
    parse_calibration,
    parse_data_range,
)
from dexcom_sync.tests.records.raw import CONTEXT, TIMES, alert, calibration, read


def test_a_calibration() -> None:
    found: Any = read(parse_calibration(calibration(), CONTEXT))

    assert (found.value, found.unit, found.transmitter_ticks) == (126, "mg/dL", 236804)
    assert found.provenance.codes == []


def test_a_calibrations_unit_may_be_missing_but_not_unknown() -> None:
    found: Any = read(parse_calibration(calibration(unit=None), CONTEXT))
    unknown: Any = parse_calibration(calibration(unit="unknown"), CONTEXT)

    assert (found.value, found.provenance.flags) == (126, (Flag.UNIT_MISSING,))
    assert unknown.reason is Reason.UNIT_UNKNOWN


def test_an_alert_with_known_and_new_words() -> None:
    found: Any = read(parse_alert(alert(alertName="fixedLow", alertState="activeSnoozed"), CONTEXT))
    new: Any = read(parse_alert(alert(alertName="urgentHigh", alertState="resting"), CONTEXT))

    assert (found.alert_name, found.alert_state, found.provenance.codes) == ("fixedLow", "activeSnoozed", [])
    assert new.alert_name == "urgentHigh"
    assert new.provenance.unknown_words == ("alertName", "alertState")


def data_range(**changes: Any) -> dict[str, Any]:
    both = {"start": TIMES, "end": TIMES}
    return {"recordType": "dataRange", "userId": "u", "egvs": both, "events": both, "calibrations": None, **changes}


def test_a_data_range_of_one_record_and_of_none() -> None:
    """Q26."""
    found: Any = parse_data_range(data_range(), CONTEXT)

    assert isinstance(found.egvs, Range)
    assert found.egvs.start == found.egvs.end
    assert found.calibrations is None


@pytest.mark.parametrize(
    ("egvs", "field"),
    [
        ("always", "egvs"),
        ({"start": TIMES}, "egvs.end"),
        ({"start": {"systemTime": "long ago"}, "end": TIMES}, "egvs.start"),
    ],
)
def test_a_range_that_cannot_be_read_does_not_pass_for_no_data(egvs: object, field: str) -> None:
    found: Any = parse_data_range(data_range(egvs=egvs), CONTEXT)

    assert isinstance(found.egvs, Quarantined)
    assert found.egvs.field == field
    assert isinstance(found.events, Range)


@pytest.mark.parametrize("record_type", ["egv", "egvs", None, 7])
def test_the_record_type_is_not_depended_on(record_type: object) -> None:
    """Q27."""
    found: Any = check_envelope({"recordType": record_type, "userId": "u", "records": []}, Resource.EGVS)

    assert (found.user_id, found.records) == ("u", [])


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ([], EnvelopeFault.NOT_AN_OBJECT),
        (None, EnvelopeFault.NOT_AN_OBJECT),
        ({"records": []}, EnvelopeFault.NO_USER_ID),
        ({"userId": "", "records": []}, EnvelopeFault.NO_USER_ID),
        ({"userId": 7, "records": []}, EnvelopeFault.NO_USER_ID),
        ({"userId": "u"}, EnvelopeFault.NO_RECORDS),
        ({"userId": "u", "egvs": []}, EnvelopeFault.NO_RECORDS),
        ({"userId": "u", "records": {}}, EnvelopeFault.NO_RECORDS),
    ],
)
def test_an_answer_without_records_is_no_answer(answer: object, fault: EnvelopeFault) -> None:
    assert check_envelope(answer, Resource.EGVS) is fault


def test_a_data_range_has_no_records_but_ranges() -> None:
    assert not isinstance(check_envelope(data_range(egvs=None), Resource.DATA_RANGE), EnvelopeFault)
    assert check_envelope({"userId": "u"}, Resource.DATA_RANGE) is EnvelopeFault.NO_RECORDS
