from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import transaction

from devices.fleet.models import DeviceState
from devices.models import Device
from readings.models import GlucoseReading
from simulator.clinics import NORTHSIDE, DemoClinic, DemoDevice
from simulator.feed import Feed, Feeder, feeders
from simulator.feed import feeder as feed_of
from simulator.physiology import Person
from simulator.traces import Seconds, Trace, Traces, Wearer
from tests.clinics import Clinic
from tests.live import PROJECT, free_port

pytestmark = pytest.mark.django_db(transaction=True)


class Steady(Traces):
    """A sensor that always shows the same, or nothing."""

    def __init__(self, level: float | None) -> None:
        super().__init__()
        self._level = level

    def at(self, wearer: Wearer, seconds: Seconds) -> Trace:
        shown = seconds[:0] if self._level is None else seconds
        return Trace(shown, np.full(shown.size, self._level or 0.0))


def feeder(clinic: Clinic, device: str = "ARGUS_001234") -> Feeder:
    plan = DemoDevice(device, "user_5678", {}, battery_level=80, has_history=True, is_live=True)
    return feed_of(clinic.organization.code, plan, Wearer(Person(1), ZoneInfo("UTC")), clinic.organization_key)


def run_once(url: str, *devices: Feeder, level: float | None = 120) -> list[str]:
    said: list[str] = []
    rounds = iter(range(len(devices)))
    feed: Any = Feed(url=url, devices=list(devices), say=said.append)
    feed._traces = Steady(level)
    feed.run(lambda _: next(rounds) == len(devices) - 1)
    return said


@pytest.mark.parametrize("level", [-500, 120, 900])
def test_posts_a_reading_that_the_platform_takes(northside: Clinic, southside: Clinic, live_url: str, level: float):
    assert run_once(live_url, feeder(northside), level=level) == []

    with transaction.atomic(), northside.scope():
        reading = GlucoseReading.objects.get()
        assert reading.glucose == min(max(level, 40), 400)
        assert reading.device_id == Device.objects.get(code="ARGUS_001234").pk
        assert DeviceState.objects.get().battery_level == reading.battery_level == 80
        assert set(reading.sensor_data) >= {"red", "infrared", "green", "temperature"}
    with transaction.atomic(), southside.scope():
        assert not GlucoseReading.objects.exists()


def test_a_sensor_that_shows_nothing_posts_nothing(northside: Clinic, live_url: str):
    assert run_once(live_url, feeder(northside), level=None) == []

    with transaction.atomic(), northside.scope():
        assert not GlucoseReading.objects.exists()


def test_a_refusal_is_said_once_and_the_other_devices_go_on(northside: Clinic, live_url: str):
    said = run_once(live_url, feeder(northside, "ARGUS_0"), feeder(northside, "ARGUS_0"), feeder(northside))

    assert len(said) == 2
    assert "northside ARGUS_0 heartbeat: HTTP 400" in said[0]
    assert "northside ARGUS_0 readings: HTTP 400" in said[1]
    with transaction.atomic(), northside.scope():
        assert GlucoseReading.objects.count() == 1


def test_a_server_that_is_away_is_waited_for(northside: Clinic, live_url: str):
    said: list[str] = []
    feed: Any = Feed(url=f"http://127.0.0.1:{free_port()}", devices=[feeder(northside)], say=said.append)
    feed._traces = Steady(120)
    answers = iter([False, True])

    def wait(_: float) -> bool:
        stop = next(answers)
        feed._url = live_url
        return stop

    feed.run(wait)

    assert said == ["server: The server does not answer (ConnectError); waiting for it.", "server: works again."]
    with transaction.atomic(), northside.scope():
        assert GlucoseReading.objects.count() == 1


def test_a_clinic_without_a_key_here_is_left_out(settings: Any, tmp_path: Path):
    settings.STATE_DIR = tmp_path
    without_key = DemoClinic("x", "X", "UTC", "mg/dL", (), NORTHSIDE.patients, NORTHSIDE.devices)

    assert feeders([without_key]) == []
    assert len(feeders([NORTHSIDE])) == 12


def test_the_command_stops_when_it_is_asked_to(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo_devices", "--url", f"http://127.0.0.1:{free_port()}"],
        cwd=PROJECT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "devices post to" in process.stdout.readline()

    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=20) == 0
    assert time.monotonic() - asked < 10
