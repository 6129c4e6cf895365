"""The command as somebody runs it: over HTTP against a running server, and straight into the store."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from devices.fleet.models import DeviceState
from devices.models import Device, DeviceKey
from patients.models import Patient
from readings.models import GlucoseReading
from tests.clinics import Clinic
from tests.commands import run_command
from vitals.catalogue import Metric
from vitals.models import Measurement

pytestmark = pytest.mark.django_db(transaction=True)
QUICK = ("--organization", "northside", "--patients", "3", "--rate", "15", "--duration", "2")


def readings(clinic: Clinic) -> list[GlucoseReading]:
    with transaction.atomic(), clinic.scope():
        return list(GlucoseReading.objects.select_related("device", "patient").order_by("measured_at"))


def test_devices_post_with_their_own_keys_into_their_own_clinic(northside: Clinic, southside: Clinic, live_url: str):
    begun = timezone.now()
    result = run_command("simulate", *QUICK, "--start-id", "7", "--tidy", "--url", live_url)

    assert (result.error, result.err) == ("", "")
    assert "3 patients from 7 on: glucose, 15 records a second; as that is more than one reading" in result.out
    assert "30 records live" in result.out
    assert "3 heartbeats" in result.out
    made = readings(northside)
    # One of their sensors may be warming up.
    assert 10 <= len(made) <= 30
    assert f"{len(made)} values stored, 0 were there already, 0 refused" in result.out
    assert {(each.device.code, each.patient.code) for each in made} <= {
        (f"SIM_000{number}", f"sim_000{number}") for number in (7, 8, 9)
    }
    assert all(abs(each.measured_at - begun) < timedelta(minutes=2) for each in made)
    with transaction.atomic(), northside.scope():
        assert DeviceState.objects.filter(device__code__startswith="SIM_").count() == 3
        assert not DeviceKey.objects.live().filter(name="Simulator").exists(), "its keys stop with it"
    assert readings(southside) == []
    with transaction.atomic(), southside.scope():
        assert not Patient.objects.filter(code__startswith="sim_").exists()


def test_vital_signs_come_in_by_the_same_door(northside: Clinic, southside: Clinic, live_url: str):
    result = run_command("simulate", *QUICK, "--kind", "all", "--url", live_url, "--tidy")

    assert (result.error, result.err) == ("", "")
    assert "glucose and six vital signs, 15 records a second; each device posts batches" in result.out
    assert 10 <= len(readings(northside)) <= 30
    with transaction.atomic(), northside.scope():
        kinds = Counter(Measurement.objects.values_list("metric", flat=True))
    both_pressures_in_one = [Metric.HEART_RATE, Metric.BLOOD_PRESSURE, Metric.BLOOD_OXYGEN, Metric.BODY_TEMPERATURE]
    assert kinds == dict.fromkeys([*both_pressures_in_one, Metric.RESPIRATORY_RATE], 30)
    with transaction.atomic(), southside.scope():
        assert not Measurement.objects.exists()


def test_a_server_that_is_away_is_told_of_and_nothing_is_lost_sight_of(northside: Clinic):
    result = run_command("simulate", *QUICK, "--url", "http://127.0.0.1:9")

    assert "The server did not answer (ConnectError); devices kept what they had." in result.err
    assert "0 values stored" in result.out


def test_the_past_goes_straight_into_the_store(northside: Clinic, southside: Clinic):
    arguments = (*QUICK[:2], "--patients", "4", "--days", "2", "--duration", "0.1", "--via", "direct", "--tidy")
    assert run_command("simulate", *arguments).error == ""

    made = readings(northside)
    assert 0.8 * 4 * 2 * 288 < len(made) <= 4 * 2 * 288 + 2
    assert made[-1].measured_at - made[0].measured_at > timedelta(days=1, hours=20)
    assert readings(southside) == []

    before = len(made)
    again = run_command("simulate", *arguments)
    assert "Refused" not in again.err
    assert len(readings(northside)) - before < 4 * 3, "the same past is there already"
    with transaction.atomic(), northside.scope():
        assert Device.objects.filter(code__startswith="SIM_").count() == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--via", "direct", "--kind", "all"), "--via direct stores glucose only"),
        (("--speed", "60"), "--speed needs --days or --duration"),
    ],
)
def test_what_cannot_be_is_said(northside: Clinic, arguments: tuple[str, ...], words: str):
    assert words in run_command("simulate", "--organization", "northside", *arguments).error


def test_production_is_refused(northside: Clinic, settings: Any):
    settings.APP_ENV = "production"

    assert "Simulated people are refused where APP_ENV is production" in run_command("simulate", *QUICK).error
    with transaction.atomic(), northside.scope():
        assert not Patient.objects.filter(code__startswith="sim_").exists()
