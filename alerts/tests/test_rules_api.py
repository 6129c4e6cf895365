from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from alerts.models import PatientAlarms, PatientRule, Rule
from tests.clinics import Clinic
from tests.rest import FORBIDDEN, NOT_FOUND, problems, send

pytestmark = pytest.mark.django_db
RULES, GROUPS = "/api/v1/alert-rules", "/api/v1/alert-rule-groups"
CONFIGURATION = "/api/v1/users/user_5678/alerts/configuration"
QUIET = {"enabled": True, "start": "22:00", "end": "07:00", "allowCritical": True}
FORM = {
    "lowGlucose": 75,
    "highGlucose": 220,
    "rapidChange": 4.0,
    "enableNotifications": True,
    "quietHours": QUIET,
}


def rule(clinic: Clinic, code: str, query: str = "") -> dict[str, Any]:
    (item,) = clinic.api("nurse").get(f"{RULES}?code={code}{query}").json()["items"]
    found: dict[str, Any] = item
    return found


def made(clinic: Clinic, **body: Any) -> dict[str, Any]:
    answer = send(clinic.api("clinician"), "POST", RULES, body)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_rules_say_where_they_come_from_and_what_they_mean(northside: Clinic, southside: Clinic) -> None:
    made(northside, code="low", condition={"type": "below", "mgdl": 72})
    made(northside, code="low", condition={"type": "below", "mgdl": 76}, patient="user_5678")

    assert (rule(northside, "low")["level"], rule(northside, "low")["conditionInWords"]) == (
        "clinic",
        "below 72 mg/dL",
    )
    assert rule(northside, "low", "&patient=user_5678")["level"] == "patient"
    assert rule(northside, "low", "&patient=user_9012")["level"] == "clinic"
    urgent = rule(northside, "urgent_low")
    assert (urgent["level"], urgent["id"], urgent["canBeSwitchedOff"]) == ("preset", None, False)
    assert rule(southside, "low")["level"] == "preset"
    (own,) = northside.api("nurse").get(f"{RULES}?level=patient").json()["items"]
    assert (own["patient"], own["code"]) == ("user_5678", "low")


def test_conditions_are_told_in_the_clinics_unit(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        northside.organization.glucose_unit = "mmol/L"
        northside.organization.save()
    assert rule(northside, "low")["conditionInWords"] == "below 3.9 mmol/L"


def test_a_rule_is_changed_replaced_and_reset(northside: Clinic) -> None:
    own = made(northside, code="low", condition={"type": "below", "mgdl": 72}, confirmMinutes=10)
    owner, path = northside.api("owner"), f"{RULES}/{own['id']}"

    patched = send(owner, "PATCH", path, {"isOn": False}).json()
    assert (patched["isOn"], patched["confirmMinutes"], patched["condition"]["mgdl"]) == (False, 10, 72)
    replaced = send(owner, "PUT", path, {"condition": {"type": "below", "mgdl": 74}}).json()
    assert (replaced["isOn"], replaced["confirmMinutes"], replaced["condition"]["mgdl"]) == (True, 0, 74)
    assert send(owner, "DELETE", path).status_code == 204
    assert rule(northside, "low")["level"] == "preset"
    assert owner.get(path).json() == NOT_FOUND


def test_a_second_rule_of_one_code_is_a_conflict(northside: Clinic) -> None:
    made(northside, code="low")
    assert send(northside.api("owner"), "POST", RULES, {"code": "low"}).status_code == 409


def test_malformed_rules_are_refused_with_the_reason(northside: Clinic) -> None:
    night = {"type": "timeOfDay", "from": "22:00", "until": "07:00", "timeZone": "europe/berlin"}
    answer = send(northside.api("owner"), "POST", RULES, {"code": "low", "condition": night})

    assert problems(answer) == [("condition", ["body", "condition"])]
    assert "Europe/Berlin" in answer.json()["detail"][0]["msg"]
    unknown = send(northside.api("owner"), "POST", RULES, {"code": "low", "patient": "nobody"})
    assert problems(unknown) == [("unknown", ["body", "patient"])]


def test_the_urgent_low_stays(northside: Clinic) -> None:
    answer = send(northside.api("owner"), "POST", RULES, {"code": "urgent_low", "isOn": False})
    assert problems(answer) == [("guarded", ["body", "isOn"])]


@pytest.mark.parametrize("role", ["nurse", "viewer", "patient"])
def test_who_may_not_edit_rules(northside: Clinic, role: str) -> None:
    client = northside.api(role)
    for method, path, body in (
        ("POST", RULES, {"code": "low"}),
        ("POST", GROUPS, {"name": "Mine"}),
        ("PUT", CONFIGURATION, FORM),
        ("PATCH", "/api/v1/alert-settings", {"preset": "tight"}),
    ):
        assert send(client, method, path, body).json() == FORBIDDEN


def test_groups(northside: Clinic, southside: Clinic) -> None:
    owner = northside.api("owner")
    group = send(owner, "POST", GROUPS, {"name": "Pregnancy", "preset": "pregnancy"}).json()
    path = f"{GROUPS}/{group['id']}"
    assert (group["presetVersion"], group["patients"]) == (1, [])

    assert send(owner, "PUT", f"{path}/patients/user_5678").status_code == 204
    assert owner.get(path).json()["patients"] == ["user_5678"]
    assert rule(northside, "high", "&patient=user_5678")["conditionInWords"] == "above 140 mg/dL"
    assert rule(northside, "high", f"&group={group['id']}")["conditionInWords"] == "above 140 mg/dL"
    assert send(owner, "DELETE", path).status_code == 409
    assert send(southside.api("owner"), "PUT", f"{path}/patients/user_5678").json() == NOT_FOUND
    renamed = send(owner, "PATCH", path, {"preset": ""}).json()
    assert (renamed["preset"], renamed["presetVersion"]) == ("", None)
    assert send(owner, "DELETE", f"{path}/patients/user_5678").status_code == 204
    assert send(owner, "DELETE", path).status_code == 204
    assert owner.get(GROUPS).json()["items"] == []


def test_the_clinics_choice(northside: Clinic, southside: Clinic) -> None:
    path = "/api/v1/alert-settings"
    body = northside.api("nurse").get(path).json()
    assert (body["preset"], body["presetVersion"], body["messageDetail"]) == ("standard", 1, "code")

    chosen = send(northside.api("admin"), "PATCH", path, {"preset": "tight", "messageDetail": "none"}).json()

    assert (chosen["preset"], chosen["messageDetail"]) == ("tight", "none")
    assert rule(northside, "high")["conditionInWords"] == "above 180 mg/dL"
    assert southside.api("nurse").get(path).json()["preset"] == "standard"


def test_the_simple_form_becomes_rules_of_the_patient(northside: Clinic, southside: Clinic) -> None:
    answer = send(northside.api("clinician"), "PUT", CONFIGURATION, FORM)

    assert (answer.status_code, answer.json()) == (200, {**FORM, "isOwn": True})
    assert northside.api("patient").get(CONFIGURATION.replace("user_5678", "me")).json() == {**FORM, "isOwn": True}
    assert rule(northside, "low", "&patient=user_5678")["conditionInWords"] == "below 75 mg/dL"
    assert rule(northside, "high", "&patient=user_5678")["conditionInWords"] == "above 220 mg/dL"
    rapid = rule(northside, "rapid_change", "&patient=user_5678")["conditionInWords"]
    assert ("falling by 4" in rapid, "rising by 4" in rapid) == (True, True)
    assert southside.api("nurse").get(CONFIGURATION).json()["isOwn"] is False
    with northside.scope(), transaction.atomic():
        alarms = PatientAlarms.objects.get()
        assert (alarms.quiet_from.hour, alarms.quiet_until.hour, alarms.notifies) == (22, 7, True)
        assert set(PatientRule.objects.values_list("patient_id", flat=True)) == {northside.patients[0].pk}


def test_the_form_tells_what_is_in_force_and_promises_nothing(northside: Clinic) -> None:
    body = northside.api("nurse").get(CONFIGURATION).json()
    assert (body["lowGlucose"], body["highGlucose"], body["rapidChange"]) == (70, 250, None)
    assert (body["quietHours"]["enabled"], body["isOwn"]) == (False, False)


def test_what_the_form_leaves_out_has_a_default(northside: Clinic) -> None:
    answer = send(northside.api("owner"), "POST", CONFIGURATION.replace("configuration", "configure"), {})
    body = answer.json()
    assert (answer.status_code, body["lowGlucose"], body["highGlucose"], body["rapidChange"]) == (200, 70, 180, 4.0)


def test_the_form_may_be_saved_again(northside: Clinic) -> None:
    for low, rapid in ((60, 2.5), (80, None)):
        send(northside.api("owner"), "PUT", CONFIGURATION, {**FORM, "lowGlucose": low, "rapidChange": rapid})
    body = northside.api("nurse").get(CONFIGURATION).json()
    assert (body["lowGlucose"], body["rapidChange"]) == (80, None)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"lowGlucose": 39}, ["lowGlucose"]),
        ({"lowGlucose": 101}, ["lowGlucose"]),
        ({"highGlucose": 149}, ["highGlucose"]),
        ({"highGlucose": 401}, ["highGlucose"]),
        ({"rapidChange": 0.9}, ["rapidChange"]),
        ({"rapidChange": 10.1}, ["rapidChange"]),
        ({"quietHours": {**QUIET, "allowCritical": False}}, ["quietHours", "allowCritical"]),
        ({"quietHours": {**QUIET, "end": "22:00"}}, ["quietHours"]),
        ({"quietHours": {**QUIET, "start": "25:00"}}, ["quietHours", "start"]),
    ],
)
def test_the_forms_limits(northside: Clinic, changes: dict[str, Any], place: list[str]) -> None:
    answer = send(northside.api("owner"), "PUT", CONFIGURATION, {**FORM, **changes})

    assert [loc for _, loc in problems(answer)] == [["body", *place]]
    with northside.scope(), transaction.atomic():
        assert not PatientRule.objects.exists()
        assert not PatientAlarms.objects.exists()


def test_quiet_hours_that_would_silence_critical_alarms_are_refused_with_a_sentence(northside: Clinic) -> None:
    """Complaint: quiet hours that suppress an urgent low."""
    form = {**FORM, "quietHours": {**QUIET, "allowCritical": False}}
    answer = send(northside.api("owner"), "PUT", CONFIGURATION, form)
    assert "Critical alarms always pass" in answer.json()["detail"][0]["msg"]


def test_a_rule_is_tried_on_a_patients_past(northside: Clinic, southside: Clinic) -> None:
    """Two dips of 20 minutes, two days ago; of the other clinic's patient of the same code a hundred."""
    until = datetime.now(UTC) - timedelta(days=2)
    dip = [100] * 12 + [60] * 4 + [100] * 12
    northside.store(*dip, *dip, until=until)
    southside.store(*dip * 20, until=until)
    owner = northside.api("owner")

    body = send(owner, "POST", f"{RULES}/replay", {"patient": "user_5678", "rule": "low", "days": 3}).json()
    assert (body["alarms"], body["readings"], len(body["episodes"])) == (2, 56, 2)
    assert body["inWords"].startswith("would have alarmed 2 times")
    assert body["episodes"][0]["worstGlucose"] == 60
    lower = {"patient": "user_5678", "rule": "low", "condition": {"type": "below", "mgdl": 60}}
    assert send(owner, "POST", f"{RULES}/replay", lower).json()["alarms"] == 0
    new = {"patient": "user_5678", "condition": {"type": "below", "mgdl": 65}, "days": 1}
    assert send(owner, "POST", f"{RULES}/replay", new).json()["readings"] == 0
    with northside.scope(), transaction.atomic():
        assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"patient": "nobody", "rule": "low"}, ["patient"]),
        ({"patient": "user_5678"}, ["condition"]),
        ({"patient": "user_5678", "rule": "none"}, ["rule"]),
        ({"patient": "user_5678", "rule": "low", "days": 31}, ["days"]),
        ({"patient": "user_5678", "condition": {"type": "x"}}, ["condition"]),
    ],
)
def test_a_replay_that_cannot_be(northside: Clinic, body: dict[str, Any], place: list[str]) -> None:
    answer = send(northside.api("owner"), "POST", f"{RULES}/replay", body)
    assert [loc for _, loc in problems(answer)] == [["body", *place]]


def test_the_list_of_rules_comes_in_pages(northside: Clinic) -> None:
    api = northside.api("owner")
    whole = [rule["code"] for rule in api.get("/api/v1/alert-rules?limit=1000").json()["items"]]
    pages, cursor = list[str](), ""
    while cursor is not None:
        answer = api.get("/api/v1/alert-rules", {"limit": 4} | ({"cursor": cursor} if cursor else {})).json()
        pages += [rule["code"] for rule in answer["items"]]
        cursor = answer["next"]
    assert len(whole) > 4
    assert pages == whole
