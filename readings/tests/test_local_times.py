from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from readings.importing.local_times import LocalTimes
from readings.importing.values import CellRefused

BERLIN = ZoneInfo("Europe/Berlin")
# The clocks go back from 3:00 to 2:00 on this day.
NIGHT = "2024-10-27 "


def instants(*texts: str) -> list[str]:
    clock = LocalTimes(BERLIN)
    return [clock.instant(datetime.fromisoformat(NIGHT + text)).strftime("%H:%M") for text in texts]


def test_a_repeated_hour_is_read_in_the_order_of_a_file_that_runs_forward():
    assert instants("01:55", "02:00", "02:55", "02:00", "02:55", "03:00") == [
        "23:55", "00:00", "00:55", "01:00", "01:55", "02:00",
    ]  # fmt: skip


def test_a_repeated_hour_is_read_in_the_order_of_a_file_that_runs_backward():
    assert instants("03:05", "03:00", "02:55", "02:00", "02:55", "02:00", "01:55") == [
        "02:05", "02:00", "01:55", "01:00", "00:55", "00:00", "23:55",
    ]  # fmt: skip


def test_a_file_that_begins_within_the_hour_is_in_its_first_pass():
    assert instants("02:30") == ["00:30"]


def test_a_skipped_hour_is_refused():
    with pytest.raises(CellRefused, match="2024-03-31 02:30:00 does not exist in Europe/Berlin"):
        LocalTimes(BERLIN).instant(datetime.fromisoformat("2024-03-31 02:30"))


def test_a_time_with_an_offset_needs_no_zone():
    time = datetime.fromisoformat("2024-10-27T02:30:00+01:00")

    assert LocalTimes(ZoneInfo("Asia/Tokyo")).instant(time) == datetime(2024, 10, 27, 1, 30, tzinfo=UTC)
