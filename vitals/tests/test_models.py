from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from readings.models import reading_public_id
from vitals.catalogue import BY_NAME, TYPES, Category, Metric
from vitals.models import device_measurement_id, read_device_measurement_id

AT = datetime(2026, 3, 29, 1, 30, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize("metric", Metric)
def test_the_id_of_a_devices_measurement_names_its_place(metric: Metric) -> None:
    public_id = device_measurement_id(metric, AT, 2**61 + 17)

    assert read_device_measurement_id(public_id) == (metric, AT, 2**61 + 17)
    assert public_id.version == 8


@pytest.mark.parametrize("other", [uuid.uuid4(), reading_public_id(AT, 17), uuid.UUID(int=0)])
def test_no_other_id_names_a_measurement(other: uuid.UUID) -> None:
    assert read_device_measurement_id(other) is None


def test_the_catalogue_holds_43_kinds_in_seven_categories() -> None:
    assert len(TYPES) == len(BY_NAME) == len(Metric) == 43
    assert {each.category for each in TYPES.values()} == set(Category)
    assert [name for name, each in BY_NAME.items() if each.is_pair] == ["blood_pressure"]
    assert all(each.limits.low < each.limits.high for each in TYPES.values())
