"""The short way to read an item of a batch finds what the long way finds, or leaves the item to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.batch_items import BatchItem, _item, _plain_item, read_items
from edge.tests.posting import reading

NAMES = frozenset({"ARGUS_001234"})
OLDEST = datetime.now(UTC) - timedelta(days=3650)
MISSING = object()
SENSORS = reading()["sensorData"]
# What stands on a border, or is nearly of the right type, for any field.
ODD = [
    MISSING, None, True, False, [], {}, SENSORS, "", "120", "good", "GOOD", " good", "ARGUS_001234", "ARGUS_002468",
    "x" * 50, "x" * 51, "é" * 50, "\x7f", -1, 0, 1, 2, 29, 30, 45, 46, 39, 40, 400, 401, 100, 101, 2**70, -(2**70),
    -0.0, 0.0, 1.0, 40.0, 0.999, 0.9995, 29.999, 30.0, 45.0, 45.001, 120.5, -0.001, 1.001, 1e300,
]  # fmt: skip
INSTANTS = st.one_of(
    st.builds(
        "{:04}-{:02}-{:02}{}{:02}:{:02}{}{}".format,
        st.sampled_from([1, 1970, 2025, 2026, 9999]),
        st.integers(0, 13),
        st.integers(0, 32),
        st.sampled_from(["T", " ", "t"]),
        st.integers(0, 25),
        st.integers(0, 61),
        st.sampled_from(["", ":00", ":59", ":60", ":30.5", ":30.123", ":30.123456", ":30.1234567", ":30,123"]),
        st.sampled_from(["", "Z", "z", "+00:00", "-00:00", "+01:75", "+14:00", "-12:30", "+23:59", "+0100", "+24:00"]),
    ),
    st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1)).map(lambda instant: f"{instant.isoformat()}Z"),  # noqa: DTZ001
)


def comparable(item: Any) -> Any:
    if not isinstance(item, BatchItem) or item.row is None:
        return item
    return item._replace(row=item.row._replace(sensor_data=msgspec.to_builtins(item.row.sensor_data)))


def refuse_difference(item: Any) -> bool:
    latest = datetime.now(UTC) + timedelta(minutes=5)
    found = _plain_item(item, 7, NAMES, OLDEST, latest)
    if found is not None:
        assert comparable(found) == comparable(_item(item, 7, NAMES, OLDEST)), item
    return found is not None


def with_field(name: str, value: Any) -> Any:
    item = reading(sensorData=dict(SENSORS))
    place = item["sensorData"] if name in SENSORS else item
    place[name] = value
    if value is MISSING:
        del place[name]
    return item


@pytest.mark.parametrize("name", [*reading(), *SENSORS])
def test_odd_values_are_read_alike(name: str) -> None:
    read = [refuse_difference(with_field(name, value)) for value in ODD]
    assert not all(read)


@given(INSTANTS)
@settings(max_examples=1000, deadline=None)
def test_instants_are_read_alike(timestamp: str) -> None:
    refuse_difference(reading(timestamp=timestamp))


@pytest.mark.parametrize("changes", [{}, {"timestamp": "2026-01-01T00:00:00.123456+01:00"}, {"confidence": 1}])
def test_a_good_item_goes_the_short_way(changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.batch_items._item", None)
    (item,) = read_items([reading(**changes)], device_id=7, device_names=NAMES, oldest=OLDEST)
    assert item.row is not None
