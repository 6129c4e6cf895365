from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dexcom_sync.records import Copy, parse_egv, physical_readings
from dexcom_sync.tests.records.raw import CONTEXT, egv, read

AT = datetime(2025, 3, 9, 14, 5, tzinfo=UTC)


def copy(record_id: str, seconds: float = 0, **changes: Any) -> Copy:
    described: dict[str, Any] = {
        "transmitter_id": "t",
        "transmitter_ticks": 300,
        "value": 118,
        "display_device": "iOS",
        **changes,
    }
    return Copy(record_id=record_id, system_time=AT + timedelta(seconds=seconds), **described)


def unkeyed(record_id: str, seconds: float = 0, **changes: Any) -> Copy:
    return copy(record_id, seconds, **{"transmitter_ticks": 0, **changes})


def test_phone_and_receiver_are_one_reading_and_the_phones_counts() -> None:
    """Q6."""
    receiver = copy("a", 40, display_device="receiver")
    phone = copy("b")
    (found,) = physical_readings([receiver, phone])

    assert found.chosen is phone
    assert found.copies == (receiver, phone)
    assert not found.is_conflict


def test_what_was_measured_counts_before_a_phones_gap() -> None:
    (found,) = physical_readings([copy("a", value=None), copy("b", display_device="receiver")])

    assert found.chosen.record_id == "b"
    assert not found.is_conflict


def test_among_equals_the_lowest_id_counts() -> None:
    (found,) = physical_readings([copy("b", display_device="android"), copy("a")])

    assert found.chosen.record_id == "a"


def test_copies_of_one_reading_with_other_values_are_a_conflict() -> None:
    (found,) = physical_readings([copy("a"), copy("b", value=140, display_device="receiver")])

    assert found.is_conflict


@pytest.mark.parametrize("missing", [{"transmitter_id": ""}, {"transmitter_ticks": 0}, {"transmitter_ticks": None}])
def test_without_a_key_nearness_decides(missing: Any) -> None:
    phone, receiver = copy("a"), copy("b", 150, display_device="receiver", **{"value": 119, **missing})
    (found,) = physical_readings([phone, receiver])

    assert found.chosen is phone
    assert not found.is_conflict


@pytest.mark.parametrize(
    "other",
    [unkeyed("b", 100, value=120, display_device="receiver"), unkeyed("b", 100)],
    ids=["other value", "same device"],
)
def test_what_is_near_but_not_the_same_is_kept_and_told(other: Copy) -> None:
    """Q5: one device may tell two readings of one time."""
    found = physical_readings([copy("a"), other])

    assert [one.chosen.record_id for one in found] == ["a", "b"]
    assert all(one.is_conflict for one in found)


def test_what_is_farther_away_is_another_reading() -> None:
    found = physical_readings([copy("a"), unkeyed("b", 151, display_device="receiver")])

    assert [one.is_conflict for one in found] == [False, False]


def test_two_keys_are_two_readings_however_near() -> None:
    found = physical_readings([copy("a"), copy("b", 10, transmitter_ticks=310, display_device="receiver")])

    assert [one.is_conflict for one in found] == [False, False]


def test_a_copy_without_key_goes_to_the_nearest() -> None:
    near = unkeyed("c", 250, display_device="receiver")
    found = physical_readings([copy("a"), copy("b", 300, transmitter_ticks=600), near])

    assert [len(one.copies) for one in found] == [1, 2]


COPIES = st.lists(
    st.builds(
        lambda seconds, ticks, value, device, transmitter: (seconds, ticks, value, device, transmitter),
        st.integers(0, 900),
        st.sampled_from([None, 0, 300, 600]),
        st.sampled_from([None, 117, 118, 119, 140]),
        st.sampled_from(["iOS", "android", "receiver", ""]),
        st.sampled_from(["", "t"]),
    ),
    max_size=14,
)


@given(COPIES, st.randoms(use_true_random=False))
def test_every_copy_is_in_one_reading_whatever_the_order(described: list[Any], chance: random.Random) -> None:
    copies = [
        copy(f"{place:02}", seconds, transmitter_ticks=ticks, value=value, display_device=device, transmitter_id=name)
        for place, (seconds, ticks, value, device, name) in enumerate(described)
    ]
    found = physical_readings(copies)
    shuffled = copies[:]
    chance.shuffle(shuffled)

    assert physical_readings(shuffled) == found
    assert sorted(one.record_id for reading in found for one in reading.copies) == [one.record_id for one in copies]
    keys = [{one.key for one in reading.copies} - {None} for reading in found]
    assert all(len(key) <= 1 for key in keys)
    assert sum(len(key) for key in keys) == len({one.key for one in copies} - {None})


def test_a_copy_is_made_of_a_record() -> None:
    assert Copy.of(read(parse_egv(egv(), CONTEXT))).key == (egv()["transmitterId"], 301205)
