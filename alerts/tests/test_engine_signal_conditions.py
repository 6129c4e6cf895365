from __future__ import annotations

import pytest

from alerts.engine.conditions import read_condition
from alerts.engine.trace import DeviceContact
from alerts.tests.traces import every_five, minute, moment, reading


def truth(condition, looked_at, margin=None):
    return read_condition(condition).evaluate(looked_at, {}, margin)[0]


def test_silence_counts_from_the_newest_reading():
    silent = {"type": "noReadingFor", "minutes": 20}
    assert truth(silent, moment(every_five(100, 100), at=24.9)) is False
    assert truth(silent, moment(every_five(100, 100), at=25)) is True


def test_silence_counts_however_long_it_lasts():
    assert truth({"type": "noReadingFor", "minutes": 1440}, moment(every_five(100), at=1440)) is True


def test_nobody_is_silent_before_a_first_reading():
    assert truth({"type": "noReadingFor", "minutes": 15}, moment([], at=0)) is None


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        pytest.param({1: DeviceContact(minute(0), True)}, True, id="offline"),
        pytest.param({1: DeviceContact(minute(0.1), True)}, False, id="online"),
        pytest.param({1: DeviceContact(minute(0), False), 2: DeviceContact(minute(9), True)}, False, id="replaced"),
        pytest.param({1: DeviceContact(None, True)}, None, id="never heard of"),
        pytest.param({}, None, id="none"),
    ],
)
def test_device_offline_is_about_the_current_device(devices, expected):
    looked_at = moment(every_five(100), at=60, devices=devices)
    assert truth({"type": "deviceOffline", "minutes": 60}, looked_at) is expected


def test_battery_by_the_newest_reading_that_tells():
    low = {"type": "battery", "belowPercent": 20}
    told = [reading(0, 100, battery_level=19), reading(5, 100)]
    assert truth(low, moment(told)) is True
    assert truth(low, moment([*told, reading(10, 100, battery_level=20)])) is False
    assert truth(low, moment([*told, reading(10, 100, battery_level=24)]), margin=5) is True
    assert truth(low, moment([reading(0, 100)])) is None


@pytest.mark.parametrize(
    ("quality", "fair", "poor"), [(2, False, False), (3, True, False), (4, True, True), (None, None, None)]
)
def test_quality_at_most(quality, fair, poor):
    looked_at = moment([reading(0, 100, quality=quality)])
    assert truth({"type": "quality", "atMost": "fair"}, looked_at) is fair
    assert truth({"type": "quality", "atMost": "poor"}, looked_at) is poor


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([130] * 10, True, id="stuck"),
        pytest.param([122, *[130] * 9], True, id="8 in 45 minutes"),
        pytest.param([121, *[130] * 9], False, id="9 in 45 minutes"),
        pytest.param([130] * 9 + [131], False, id="changed at last"),
        pytest.param([130] * 7 + [132, 131, 131], False, id="3 in the last 15 minutes"),
        pytest.param([60] * 10, False, id="level and low"),
        pytest.param([401] * 10, False, id="beyond the sensor"),
        pytest.param([130] * 9, None, id="40 minutes only"),
    ],
)
def test_flat_line(values, expected):
    assert truth({"type": "flatLine", "minutes": 45}, moment(every_five(*values))) is expected


def test_no_flat_line_across_a_gap():
    with_gap = [*every_five(130, 130, 130), *every_five(130, 130, 130, 130, start=35)]
    assert truth({"type": "flatLine", "minutes": 45}, moment(with_gap)) is None


@pytest.mark.parametrize(("after", "expected"), [(126, True), (125, False), (75, False), (74, True)])
def test_jump(after, expected):
    assert truth({"type": "jump", "mgdlPerMinute": 5}, moment(every_five(100, after))) is expected


def test_what_measures_is_unknown_once_it_is_old():
    old = moment(every_five(*[130] * 10), at=61)
    for condition in (
        {"type": "flatLine"},
        {"type": "jump", "mgdlPerMinute": 5},
        {"type": "quality", "atMost": "poor"},
        {"type": "rate", "trend": "falling", "mgdlPerMinute": 1},
    ):
        assert truth(condition, old) is None
