from __future__ import annotations

from typing import Any

import pytest

from dexcom_sync.records import Flag, Leniency, Quarantined, Reason, parse_egv
from dexcom_sync.records.glucose import HIGH, IN_RANGE, LOW
from dexcom_sync.tests.records.raw import CONTEXT, TRANSMITTER, egv, read


def parse(**changes: Any) -> Any:
    return read(parse_egv(egv(**changes), CONTEXT))


def refused(**changes: Any) -> Quarantined:
    found = parse_egv(egv(**changes), CONTEXT)
    assert isinstance(found, Quarantined)
    return found


def test_a_usual_record_has_nothing_to_tell() -> None:
    found = parse()

    assert found.record_id == "7b0c5a1e-3f59-4a39-9a20-2f6f0d1c1001"
    assert (found.value, found.range_flag, found.unit) == (118, IN_RANGE, "mg/dL")
    assert (found.trend, found.trend_rate, found.rate_unit, found.status) == ("flat", 0.3, "mg/dL/min", "")
    assert (found.transmitter_ticks, found.source.transmitter_id) == (301205, TRANSMITTER)
    assert (found.source.generation, found.source.variant, found.source.display_device) == ("g7", "g7", "iOS")
    assert found.provenance.codes == []
    assert found.provenance.extra is None


@pytest.mark.parametrize(
    ("value", "status", "range_flag", "flags"),
    [
        (40, None, IN_RANGE, []),
        (400, None, IN_RANGE, []),
        (39, "low", LOW, []),
        (401, "high", HIGH, []),
        (39, None, LOW, []),
        (0, None, LOW, [Flag.BEYOND_RANGE]),
        (38, "low", LOW, [Flag.BEYOND_RANGE]),
        (450, "high", HIGH, [Flag.BEYOND_RANGE]),
        (120, "low", IN_RANGE, [Flag.STATUS_CONTRADICTS_VALUE]),
        (39, "ok", LOW, [Flag.STATUS_CONTRADICTS_VALUE]),
        (None, None, IN_RANGE, [Flag.NO_VALUE]),
        (None, "low", LOW, [Flag.NO_VALUE]),
        (None, "high", HIGH, [Flag.NO_VALUE]),
    ],
)
def test_values_beyond_the_range_are_words(value: int | None, status: str | None, range_flag: int, flags: Any) -> None:
    """Q10: null is no value, never 0."""
    found = parse(value=value, status=status)

    assert (found.value, found.range_flag, list(found.provenance.flags)) == (value, range_flag, flags)


def test_mmol_is_converted_where_it_can_be_nothing_else() -> None:
    found = parse(value=6.5, unit="mmol/L")

    assert (found.value, found.unit) == (117, "mg/dL")
    assert Flag.CONVERTED_FROM_MMOL in found.provenance.flags
    assert refused(value=118, unit="mmol/L").reason is Reason.UNIT_CONTRADICTS_VALUE


@pytest.mark.parametrize("unit", ["unknown", None, "", "g/L"])
def test_a_number_of_no_known_unit_waits_in_quarantine(unit: str | None) -> None:
    assert refused(unit=unit).reason is Reason.UNIT_UNKNOWN
    assert parse(unit=unit, value=None).value is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("high", Reason.VALUE_UNREADABLE),
        ([118], Reason.VALUE_UNREADABLE),
        (True, Reason.VALUE_UNREADABLE),
        (float("nan"), Reason.VALUE_UNREADABLE),
        (-1, Reason.VALUE_OUT_OF_BOUNDS),
        (1001, Reason.VALUE_OUT_OF_BOUNDS),
        (10**30, Reason.VALUE_UNREADABLE),
    ],
)
def test_what_is_no_value_is_not_taken_for_none(value: object, reason: Reason) -> None:
    assert refused(value=value).reason is reason


def test_other_ways_to_write_a_number_are_told() -> None:
    assert parse(value="118").provenance.leniencies == (Leniency.NUMBER_FROM_TEXT,)
    assert parse(value=118.0).value == 118
    assert parse(value=118.4).provenance.leniencies == (Leniency.NUMBER_ROUNDED,)
    assert parse(unit="mg/dl").provenance.leniencies == (Leniency.ALIAS,)


def test_new_words_are_kept_and_told() -> None:
    """Q14."""
    found = parse(trend="tripleUp", status="odd", displayApp="G9", transmitterGeneration="g9", displayDevice="watchOS")

    assert (found.trend, found.status, found.source.generation) == ("tripleUp", "odd", "g9")
    assert set(found.provenance.unknown_words) == {
        "trend",
        "status",
        "displayApp",
        "transmitterGeneration",
        "displayDevice",
    }
    assert "unknown_word:trend" in found.provenance.codes


def test_words_from_the_field_are_known() -> None:
    found = parse(
        transmitterGeneration="g6 pro",
        transmitterGenerationVariant="g715day",
        displayApp="G7Android",
        displayDevice="touchscreenReceiver",
    )

    assert found.provenance.unknown_words == ()
    assert found.source.is_receiver


@pytest.mark.parametrize("transmitter", [None, ""])
def test_a_record_without_transmitter_or_optional_members_is_a_record(transmitter: str | None) -> None:
    """Q8, Q9."""
    raw = egv(transmitterId=transmitter, transmitterTicks=0, trend=None, trendRate=None)
    for name in ("transmitterGenerationVariant", "displayApp", "status"):
        del raw[name]
    found = read(parse_egv(raw, CONTEXT))

    assert (found.source.transmitter_id, found.transmitter_ticks, found.trend, found.trend_rate) == ("", 0, "", None)
    assert found.provenance.codes == []


def test_a_rate_of_unknown_unit_is_not_taken_for_one() -> None:
    found = parse(rateUnit="unknown")

    assert found.trend_rate is None
    assert found.provenance.flags == (Flag.RATE_UNIT_UNKNOWN,)
    assert parse(rateUnit="mmol/L/min", trendRate=0.1).trend_rate == pytest.approx(1.80182)


def test_a_record_without_id_gets_the_same_one_each_time() -> None:
    first, again = parse(recordId=None), parse(recordId="", trend="singleUp")
    other = parse(recordId=None, value=119)

    assert first.record_id == again.record_id != other.record_id
    assert first.provenance.flags == (Flag.ID_DERIVED,)
    assert len(first.record_id) <= 128


def test_members_that_nobody_knows_are_kept() -> None:
    assert parse(sensorAge=3, sensor={"lot": "x"}).provenance.extra == {"sensorAge": 3, "sensor": {"lot": "x"}}
    spoiled = parse(comment="a\0b")
    assert spoiled.provenance.extra is None
    assert spoiled.provenance.leniencies == (Leniency.TEXT_UNREADABLE,)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "x" * 41])
def test_text_that_no_column_can_hold_waits_in_quarantine(text: str) -> None:
    assert refused(trend=text).reason is Reason.TEXT_CANNOT_BE_STORED
    assert refused(displayDevice=text).field == "displayDevice"


def test_the_digest_follows_the_content_and_not_its_order() -> None:
    raw = egv()
    turned = dict(reversed(raw.items()))

    assert read(parse_egv(turned, CONTEXT)).provenance.payload_digest == parse().provenance.payload_digest
    assert parse(value=119).provenance.payload_digest != parse().provenance.payload_digest
    assert len(parse().provenance.payload_digest) == 16
