from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from simulator.fleet.device import FIRMWARES, LARGEST_SKEW, WELL_BEHAVED, Habits, VirtualDevice
from simulator.fleet.items import Measured

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NEVER_REPEATS = Habits(repeats=0, offline_an_hour=0.5)


def device(seed: int = 1, habits: Habits = WELL_BEHAVED) -> VirtualDevice:
    return VirtualDevice("SIM_0001", "sim_0001", "key", seed, habits)


def days_of(
    one: VirtualDevice, days: int, *, every: timedelta = timedelta(minutes=5)
) -> list[tuple[datetime, list[Measured]]]:
    sent = []
    for number in range(int(timedelta(days=days) / every)):
        now = NOON + number * every
        one.measure(Measured(now, 100.0 + number % 50, {}))
        if taken := one.take(now):
            sent.append((now, taken))
    return sent


def test_it_is_offline_now_and_then_and_brings_all_of_it_afterwards():
    one = device(habits=NEVER_REPEATS)

    sent = days_of(one, 2)

    bursts = [taken for _, taken in sent if len(taken) > 1]
    assert len(bursts) >= 3
    assert max(map(len, bursts)) * 5 > 10, "minutes"
    times = [each.at for _, taken in sent for each in taken] + [each.at for each in one.waiting]
    assert sorted(times) == [NOON + number * timedelta(minutes=5) for number in range(2 * 288)]
    assert any([each.at for each in taken] != sorted(each.at for each in taken) for taken in bursts), "out of order"


def test_a_tidy_device_posts_each_reading_as_it_comes():
    one = device()

    assert all(len(taken) == 1 for _, taken in days_of(one, 1))
    assert abs(one.skew) < timedelta(seconds=5)
    assert not any(one.repeats() for _ in range(100))


def test_its_battery_drains_is_charged_and_firmware_comes_with_that():
    one = device()
    levels, firmwares = [one.battery], [one.firmware]
    for hour in range(24 * 30):
        one.measure(Measured(NOON + timedelta(hours=hour), 100.0, {}))
        levels.append(one.battery)
        firmwares.append(one.firmware)

    changes = np.diff(levels)
    assert 2 <= (changes > 20).sum() <= 7
    assert (changes[changes < 0] > -1).all()
    assert min(levels) > 5
    assert firmwares[-1] != firmwares[0]
    assert firmwares[-1] in FIRMWARES


def test_clocks_are_wrong_within_what_the_platform_takes():
    skews = [abs(device(seed, Habits()).skew) for seed in range(300)]

    assert max(skews) <= LARGEST_SKEW
    assert 10 < sum(skew > timedelta(seconds=10) for skew in skews) < 60


def test_items_carry_the_devices_own_time_and_the_limits_of_the_door():
    one = device(seed=2)
    one.skew = timedelta(seconds=90)

    low, high, vitals = one.items(
        [Measured(NOON, 12.0, {}), Measured(NOON, 640.0, {}), Measured(NOON, None, {"heart_rate": 71.0})]
    )

    assert (low["glucoseValue"], high["glucoseValue"]) == (40, 400)
    assert low["timestamp"] == "2026-05-01T12:01:30.000Z"
    assert vitals == {"sensor_type": "heart_rate", "value": 71.0, "unit": "bpm", "timestamp": low["timestamp"]}


def test_a_heartbeat_tells_which_settings_it_works_with():
    one = device()
    assert "settingsVersion" not in one.heartbeat(NOON)

    one.settings_version = 4

    beat = one.heartbeat(NOON)
    assert (beat["settingsVersion"], beat["status"], beat["firmwareVersion"]) == (4, "active", one.firmware)
    assert -100 <= beat["signalStrength"] <= 0
