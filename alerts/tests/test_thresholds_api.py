"""Bounds of vital signs: the clinic's, the patient's over them, and the alarms that follow."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from alerts.deliveries.messages import message_of
from alerts.models import Delivery
from alerts.presets.vital_signs import CRITICAL, VITAL_SIGNS, WARNING, Bounds, bounds_in, condition_of
from alerts.services.thresholds import problem_of
from alerts.tests.evaluating import episodes, evaluate
from alerts.tests.telling import start_anew
from alerts.tests.test_evaluation_vitals import store
from tenancy.models import Organization
from tests.clinics import Clinic
from tests.rest import send
from vitals.catalogue import Metric

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic(northside: Clinic) -> Clinic:
    with northside.scope(), transaction.atomic():
        start_anew(northside)
    return northside


CLINIC, PATIENT = "/api/v1/organizations/current/vital-thresholds", "/api/v1/patients/user_5678/vital-thresholds"
NAMES = ("warningMin", "warningMax", "criticalMin", "criticalMax")
OWN = {"metric": "heart_rate", "warningMin": 50, "warningMax": 140, "criticalMin": 35, "criticalMax": 150}


def put(clinic: Clinic, path: str, by: str = "owner", **body: Any) -> Any:
    return send(clinic.api(by), "PUT", path, body)


def shown(clinic: Clinic, path: str, metric: str = "heart_rate") -> dict[str, Any]:
    listed: list[dict[str, Any]] = clinic.api("nurse").get(path).json()["thresholds"]
    return next(one for one in listed if one["metric"] == metric)


def open_codes(clinic: Clinic) -> list[str]:
    return [one.rule_code for one in episodes(clinic) if one.metric and one.is_open and one.confirmed_at]


def test_off_until_the_clinic_switches_them_on(clinic: Clinic, southside: Clinic) -> None:
    begun = shown(clinic, CLINIC)
    assert [begun[name] for name in NAMES] == [60, 100, 40, 120]
    assert (begun["isOn"], begun["setBy"], begun["unit"]) == (False, "default", "bpm")
    store(clinic, 130)
    evaluate(clinic)
    assert open_codes(clinic) == []
    switched = put(clinic, CLINIC, enabled=True, thresholds=[])
    assert switched.status_code == 200, switched.content
    assert all(one["isOn"] for one in switched.json()["thresholds"])
    assert shown(southside, CLINIC)["isOn"] is False
    store(clinic, 131)
    evaluate(clinic)
    assert open_codes(clinic) == ["vital_heart_rate_critical"], "a critical value is none of the warning's"
    with clinic.scope(), transaction.atomic():
        delivery = Delivery.objects.select_related("patient", "episode__patient").get(
            episode__rule_code="vital_heart_rate_critical", recipient=clinic.people["owner"].email
        )
        said = message_of(delivery, clinic=Organization.objects.get(pk=clinic.organization.id), detail="value")
        discreet = message_of(delivery, clinic=Organization.objects.get(pk=clinic.organization.id), detail="code")
    assert "Heart rate 130 bpm (outside 40 to 120 bpm), measured on" in said.text or "Heart rate 131 bpm" in said.text
    assert (said.facts["metric"], said.facts["metricUnit"]) == ("heart_rate", "bpm")
    assert "bpm" not in discreet.text
    assert "value" not in discreet.facts
    store(clinic, 105)
    store(clinic, 121, metric=Metric.BLOOD_PRESSURE, second_value=95)
    evaluate(clinic)
    states = {one.rule_code: one.state for one in episodes(clinic) if one.metric}
    assert states == {
        **{"vital_heart_rate_critical": "hysteresis", "vital_heart_rate_warning": "active"},
        **{"vital_diastolic_warning": "active"},
    }
    off = put(clinic, CLINIC, enabled=False, thresholds=[])
    assert not any(one["isOn"] for one in off.json()["thresholds"])
    evaluate(clinic)
    assert open_codes(clinic) == []


def test_a_patients_own_bounds_stand_over_the_clinics(clinic: Clinic) -> None:
    put(clinic, CLINIC, enabled=True, thresholds=[{**OWN, "warningMax": 100, "criticalMax": 110}])
    own = put(clinic, PATIENT, by="clinician", thresholds=[OWN])
    assert own.status_code == 200, own.content
    found = shown(clinic, PATIENT)
    assert ([found[name] for name in NAMES], found["setBy"]) == ([50, 140, 35, 150], "patient")
    assert shown(clinic, PATIENT, "systolic")["setBy"] == "clinic"
    store(clinic, 139)
    store(clinic, 139, patient=1)
    evaluate(clinic)
    assert [one.patient_id for one in episodes(clinic, "vital_heart_rate_critical")] == [clinic.patients[1].pk]
    assert put(clinic, PATIENT, thresholds=[{"metric": "heart_rate", "criticalMax": 138}]).status_code == 200
    found = shown(clinic, PATIENT)
    assert [found[name] for name in NAMES] == [None, None, None, 138], "no bound where the clinic has one"
    put(clinic, PATIENT, thresholds=[])
    found = shown(clinic, PATIENT)
    assert ([found[name] for name in NAMES], found["setBy"]) == ([50, 100, 35, 110], "clinic")


def test_what_makes_no_sense_is_refused_and_who_may(clinic: Clinic) -> None:
    refused = [
        put(clinic, PATIENT, thresholds=[{**OWN, **change}])
        for change in (
            {"warningMin": 150},
            {"criticalMax": 139},
            {"criticalMax": 900},
            {"metric": "steps"},
            {"unit": "bpm"},
            {"criticalMin": "low"},
        )
    ]
    refused.append(put(clinic, PATIENT, thresholds=[OWN, OWN]))
    refused.append(put(clinic, CLINIC, thresholds=[]))
    assert [answer.status_code for answer in refused] == [422] * len(refused), [one.content for one in refused]
    assert "The warning bounds lie within the critical ones." in refused[1].content.decode()
    for by in ("nurse", "viewer", "patient"):
        assert put(clinic, PATIENT, by=by, thresholds=[]).status_code == 403
    assert clinic.api("patient").get(PATIENT).status_code == 200
    assert clinic.api("patient").get(CLINIC).status_code == 403


def test_conditions_and_bounds_there_and_back() -> None:
    for metric, bounds in {**VITAL_SIGNS, "heart_rate": Bounds(60, None, None, 120)}.items():
        assert problem_of(metric, bounds) == ""
        for level in (WARNING, CRITICAL):
            assert bounds_in(condition_of(metric, bounds, level)) == bounds.of(level)
    assert condition_of("heart_rate", Bounds(), WARNING) is None
    assert bounds_in({"type": "below", "mgdl": 70}) is None
