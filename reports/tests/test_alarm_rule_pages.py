from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.organizations import change_organization
from alerts.deliveries.setup import create_contact
from alerts.models import ClinicAlarms, PatientAlarms, PatientRule, Rule, RuleGroup
from alerts.rules import effective_rules, standing_for_clinic, standing_for_patient
from alerts.services.groups import create_group, put_in_group
from alerts.services.rules import create_rule
from audit.models import Entry
from reports.alarm_rules import trying
from tests.clinics import Clinic
from tests.isolation.forms import submissions

pytestmark = pytest.mark.django_db

LIST, EDIT, SIMPLE = "/admin/alarm-rules/", "/admin/alarm-rules/edit/", "/admin/alarm-rules/simple/"
PATIENT = {"patient": "user_5678"}


def at(path: str, **query: str) -> str:
    return f"{path}?{'&'.join(f'{name}={value}' for name, value in query.items())}"


def form_on(client: Client, address: str) -> dict[str, str]:
    """The fields of the page's form as they stand there, without its buttons."""
    page = client.get(address)
    (_, form), *_ = [one for one in submissions(page.content.decode(), address) if "seen" in one[1] or "low" in one[1]]
    name = page.context["form"].typed.get("name", "")
    return {**form, "name": name} if "name" in form else form


def send(client: Client, address: str, act: str, **changes: str) -> Any:
    return client.post(address, {**form_on(client, address), **changes, "act": act})


def save(client: Client, address: str, **changes: str) -> Any:
    return send(client, address, "save", **changes)


def yes(client: Client, address: str, asked: Any) -> Any:
    """The answer to the question whether alarms shall become weaker."""
    return client.post(address, answer_of(asked))


def answer_of(asked: Any) -> dict[str, str]:
    page = asked.context
    return {**dict(page["repeated"]), "confirmed": page["question"].answer, "act": page["act"]}


def standing(clinic: Clinic, code: str, patient: int | None = None) -> Any:
    with clinic.scope(), transaction.atomic():
        rules = standing_for_clinic() if patient is None else standing_for_patient(clinic.patients[patient])
        return rules[code]


def in_mmol(clinic: Clinic) -> None:
    with clinic.scope():
        change_organization(changes={"glucose_unit": "mmol/L"})


def test_the_rules_in_force_in_words(northside: Clinic, southside: Clinic) -> None:
    with northside.scope():
        create_rule(code="low", said={"condition": {"type": "below", "mgdl": 75}, "confirm_minutes": 15})
    with southside.scope():
        create_rule(
            code="theirs", said={"name": "Theirs", "severity": "low", "condition": {"type": "above", "mgdl": 99}}
        )
    text = northside.admin("viewer").get(LIST).content.decode()
    assert "Alarm when glucose is below 75 mg/dL, after 15 minutes of it." in text
    assert "condition below 75 mg/dL instead of below 70 mg/dL" in text
    assert "preset Standard, version 1" in text
    assert "Theirs" not in text
    # Who may not change anything sees no button that does.
    assert "Write a rule" not in text
    assert "Take the change back" not in text
    assert "{" not in re.sub(r"(?s)<script.*?</script>|<style.*?</style>|<[^>]*>", "", text)


def test_a_rule_is_written_in_words_and_in_force(northside: Clinic) -> None:
    client = northside.admin("clinician")
    page = save(
        client, EDIT, name="Low at night", **{"c0-type": "all", "c0.0-type": "below", "c0.0-mgdl": "80"},
        **{"c0.1-type": "timeOfDay", "c0.1-from": "22:00", "c0.1-until": "6.00"}, confirm_minutes="15",
    )  # fmt: skip
    # An hour with one digit is as people write it.
    assert page.status_code == 302, page.context["form"].errors
    rule = standing(northside, "low_at_night")
    assert rule.condition == {
        "type": "all",
        "of": [{"type": "below", "mgdl": 80}, {"type": "timeOfDay", "from": "22:00", "until": "06:00"}],
    }
    assert (rule.confirm_minutes, rule.severity, rule.is_on) == (15, "medium", True)
    text = client.get(LIST).content.decode()
    assert "Alarm when glucose is below 80 mg/dL, between 22:00 and 06:00, after 15 minutes of it." in text
    # A second one of the name is another rule.
    save(client, EDIT, name="Low at night", **{"c0-mgdl": "81"})
    assert standing(northside, "low_at_night_2").condition == {"type": "below", "mgdl": 81}


def test_buttons_shape_the_condition_without_a_script(northside: Clinic) -> None:
    client = northside.admin("clinician")
    page = send(client, EDIT, "and:0", name="Mine", **{"c0-mgdl": "3"})
    text = page.content.decode()
    assert 'name="c0.1-mgdl"' in text
    # What was typed stays, also what cannot be.
    assert 'value="Mine"' in text
    assert re.search(r'name="c0.0-mgdl"[^>]*value="3"', text)
    with northside.scope(), transaction.atomic():
        assert not Rule.objects.filter(name="Mine").exists()


def test_what_is_wrong_is_said_beside_its_blank(northside: Clinic) -> None:
    client = northside.admin("clinician")
    page = save(client, EDIT, name="", confirm_minutes="soon", **{"c0-mgdl": "500"})
    text = page.content.decode()
    assert page.status_code == 200
    for name, sentence in (
        ("name", "Fill this in."),
        ("confirm_minutes", "Write a number."),
        ("c0-mgdl", "Write a number from 40 to 400 mg/dL."),
    ):
        assert re.search(rf'id="error-{name}" role="alert">{sentence}', text), name
    assert 'value="soon"' in text


def test_mmol_is_read_written_and_never_drifts(northside: Clinic) -> None:
    in_mmol(northside)
    client = northside.admin("clinician")
    address = at(EDIT, rule="low")
    assert form_on(client, address)["c0-mgdl"] == "3.9"
    for _ in range(3):
        assert save(client, address).status_code == 302
    assert standing(northside, "low").condition == {"type": "below", "mgdl": 70}
    assert standing(northside, "low").margin == 5
    assert save(client, address, **{"c0-mgdl": "4,2"}).status_code == 302
    assert standing(northside, "low").condition == {"type": "below", "mgdl": 76}
    assert "from 2.2 to 22.2 mmol/L" in save(client, address, **{"c0-mgdl": "70"}).content.decode()
    assert "below 4.2 mmol/L" in client.get(LIST).content.decode()


def test_the_urgent_low_stays(northside: Clinic) -> None:
    client = northside.admin("owner")
    address = at(EDIT, rule="urgent_low")
    assert "cannot be switched off" in client.get(address).content.decode()
    assert "55 and 70 mg/dL" in client.get(address).content.decode()
    for changes, sentence in (
        ({"is_on": "off"}, "This alarm cannot be switched off."),
        ({"severity": "low"}, "This alarm is critical and stays so."),
        ({"c0-mgdl": "54"}, "55 to 70 mg/dL"),
        ({"c0-type": "below"}, "55 to 70 mg/dL"),
        ({"confirm_minutes": "5"}, "This alarm does not wait"),
    ):
        page = save(client, address, **changes)
        assert page.status_code == 200, changes
        assert sentence in page.content.decode(), changes
    send(client, address, "not:0")
    assert save(client, address, **{"c0-mgdl": "60"}).status_code == 302
    assert standing(northside, "urgent_low").condition == {"type": "atOrBelow", "mgdl": 60}


@pytest.mark.parametrize(
    ("code", "changes", "sentence"),
    [
        ("low", {"confirm_minutes": "30"}, "“Low” waits 30 minutes instead of not at all"),
        ("low", {"c0-mgdl": "60"}, "alarms on “below 60 mg/dL” instead of on “below 70 mg/dL”"),
        ("low", {"is_on": "off"}, "“Low” does not alarm any more"),
        ("low", {"severity": "medium"}, "severity medium instead of high"),
        ("signal_loss", {"is_on": "off"}, "“No readings” does not alarm any more"),
        ("signal_loss", {"c0-minutes": "60"}, "“no reading for 1 hour” instead of on “no reading for 20 minutes”"),
        ("urgent_low", {"repeat_minutes": ""}, "rings again never instead of every 5 minutes"),
    ],
)
def test_weaker_alarms_are_asked_about_once(
    northside: Clinic, code: str, changes: dict[str, str], sentence: str
) -> None:
    client = northside.admin("clinician")
    address = at(EDIT, rule=code)
    before = standing(northside, code)
    asked = save(client, address, **changes)
    assert asked.status_code == 200
    assert "For 2 patients: " in asked.content.decode()
    assert sentence in asked.content.decode(), asked.context["question"].sentences
    # Nothing has happened, neither to the rule nor in the ledger.
    assert standing(northside, code) == before
    with northside.scope(), transaction.atomic():
        assert not Entry.objects.filter(object_type="alerts.rule", action="create").exists()
    assert yes(client, address, asked).status_code == 302
    assert standing(northside, code) != before
    # As it stands now it can be saved again without a word.
    assert save(client, address).status_code == 302


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("low", {"c0-mgdl": "80"}),
        ("low", {"severity": "critical"}),
        ("high", {"c0-mgdl": "300"}),
        ("high", {"is_on": "off"}),
        ("signal_loss", {"c0-minutes": "15"}),
        ("low", {"c0-type": "any", "c0.0-type": "below", "c0.0-mgdl": "70", "c0.1-type": "battery",
                 "c0.1-belowPercent": "9"}),
    ],
)  # fmt: skip
def test_what_does_not_weaken_is_not_asked_about(northside: Clinic, code: str, changes: dict[str, str]) -> None:
    assert save(northside.admin("clinician"), at(EDIT, rule=code), **changes).status_code == 302


def test_an_answer_fits_its_question_only(northside: Clinic) -> None:
    client, address = northside.admin("clinician"), at(EDIT, rule="low")
    asked = save(client, address, **{"c0-mgdl": "65"})
    form = answer_of(asked)
    again = client.post(address, {**form, "c0-mgdl": "45"})
    assert "below 45 mg/dL" in again.content.decode()
    assert standing(northside, "low").condition == {"type": "below", "mgdl": 70}
    # Back to the form, with what was typed.
    back = client.post(address, {**form, "act": "redraw"})
    assert re.search(r'name="c0-mgdl"[^>]*value="65"', back.content.decode())


def test_those_with_rules_of_their_own_are_not_counted(northside: Clinic) -> None:
    with northside.scope():
        group = create_group(name="Children")
        put_in_group(patient=northside.patients[0], group=group)
        create_rule(code="low", said={"condition": {"type": "below", "mgdl": 80}}, group=group)
    client = northside.admin("clinician")
    assert "For 1 patient: " in save(client, at(EDIT, rule="low"), is_on="off").content.decode()
    of_group = save(client, at(EDIT, rule="low", group=str(group.public_id)), is_on="off").content.decode()
    assert "For 1 patient: " in of_group
    of_patient = save(client, at(EDIT, rule="low", **PATIENT), is_on="off").content.decode()
    assert f"For {northside.patients[0]}: " in of_patient


def test_a_rule_that_changed_meanwhile_is_not_overwritten_unseen(northside: Clinic) -> None:
    client, address = northside.admin("clinician"), at(EDIT, rule="low")
    form = form_on(client, address)
    save(northside.admin("owner"), address, **{"c0-mgdl": "90"})
    late = client.post(address, {**form, "c0-mgdl": "80", "act": "save"})
    assert "below 90 mg/dL" in late.content.decode()
    assert standing(northside, "low").condition["mgdl"] == 90
    assert re.search(r'name="c0-mgdl"[^>]*value="80"', late.content.decode())


def test_a_condition_of_another_version_is_shown_and_stays(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        Rule.objects.create(code="new_kind", name="New kind", severity="low", condition={"type": "ketones", "above": 1})
    client = northside.admin("clinician")
    text = client.get(at(EDIT, rule="new_kind")).content.decode()
    assert "a condition of a kind that this version does not know" in text
    assert "ketones" not in text
    assert save(client, at(EDIT, rule="new_kind"), name="Other").status_code == 200
    assert standing(northside, "new_kind").condition == {"type": "ketones", "above": 1}


def test_trying_a_rule_beside_the_one_of_today(northside: Clinic) -> None:
    now = datetime.now(UTC)
    for days in (1, 2, 3):
        northside.store(*[120] * 6, *[75] * 6, *[120] * 6, until=now - timedelta(days=days))
    northside.store(*[120] * 6, *[65] * 6, *[120] * 6, until=now - timedelta(days=4))
    client = northside.admin("clinician")
    page = send(client, at(EDIT, rule="low"), "try", days="7", **{"c0-mgdl": "80"})
    text = page.content.decode()
    trial = page.context["trial"]
    assert "would have alarmed 4 times" in trial.in_words
    assert trial.today_in_words.startswith("once")
    assert len(trial.patients[0].instants) == 4
    assert "Readings on" in text
    assert "No readings in these 7 days." not in text
    assert "<svg" in text
    assert standing(northside, "low").condition["mgdl"] == 70
    with northside.scope(), transaction.atomic():
        (look,) = Entry.objects.filter(object_type="alerts.replay")
        assert look.patient_id == northside.patients[0].pk


def test_a_trial_says_where_there_are_no_readings(northside: Clinic) -> None:
    page = send(northside.admin("clinician"), at(EDIT, rule="low", **PATIENT), "try", days="3")
    assert "No readings in the last 3 days: nothing can be said." in page.content.decode()
    page = send(northside.admin("clinician"), at(EDIT, rule="low"), "try", try_with="nobody")
    assert "Nobody has this code or name." in page.content.decode()


def test_a_trial_ends_in_time_and_says_what_it_left_out(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    northside.store(*[100] * 1200)
    northside.store(*[100] * 20, device=1)
    monkeypatch.setattr(trying, "SECONDS", 0.0001)
    page = send(northside.admin("clinician"), at(EDIT, rule="low"), "try")
    trial = page.context["trial"]
    assert trial.patients[0].readings <= trying.PROBE
    assert "was left out for want of time" in page.content.decode() or trial.left_out
    assert len(trial.left_out) == 1


def test_a_rule_about_another_alarm_is_tried_with_that_alarm(northside: Clinic) -> None:
    northside.store(*[120] * 6, *[65] * 12, *[120] * 6)
    fields = {"c0-type": "alert", "c0-rule": "low", "c0-is": "unacknowledged", "c0-forMinutes": "20"}
    page = send(northside.admin("clinician"), EDIT, "try", name="Second call", **fields)
    assert "would have alarmed once" in page.context["trial"].in_words


def test_a_nurse_reads_and_tries_and_changes_nothing(northside: Clinic) -> None:
    northside.store(*[65] * 6)
    client = northside.admin("nurse")
    address = at(EDIT, rule="low")
    text = client.get(address).content.decode()
    assert "Alarm when glucose is below 70 mg/dL." in text
    assert 'value="save"' not in text
    tried = client.post(address, {"act": "try", "days": "3"})
    assert "would have alarmed once" in tried.context["trial"].in_words
    # What she sends as a rule counts for nothing.
    assert client.post(address, {"act": "try", "c0-type": "below", "c0-mgdl": "41"}).context["trial"].in_words
    for act in ("save", "and:0", "redraw"):
        assert client.post(address, {"act": act, "name": "x"}).status_code == 403
    assert client.get(EDIT).status_code == 403
    for action in ("reset", "choose", "make-group", "move"):
        assert client.post(LIST, {"action": action, "preset": "tight", "name": "x"}).status_code == 403
    assert client.post(at(SIMPLE, **PATIENT), {"low": "60"}).status_code == 403
    assert "disabled" in client.get(at(SIMPLE, **PATIENT)).content.decode()


def test_the_other_clinic_and_unseen_patients_are_not_there(northside: Clinic, southside: Clinic) -> None:
    with southside.scope(), transaction.atomic():
        group = create_group(name="Theirs")
        southside.patients[0].code = "only_south"
        southside.patients[0].save()
    client = northside.admin("owner")
    for address in (LIST, EDIT, SIMPLE):
        assert client.get(at(address, patient="only_south")).status_code == 404
        assert client.get(at(address, group=str(group.public_id))).status_code == 404
    with northside.scope():
        change_organization(changes={"assigned_patients_only": True})
    limited = northside.admin("clinician")
    assert limited.get(at(LIST, **PATIENT)).status_code == 404
    page = send(limited, at(EDIT, rule="low"), "try", try_with="user_5678")
    assert "Nobody has this code or name." in page.content.decode()
    asked = save(limited, at(EDIT, rule="low"), is_on="off").content.decode()
    assert "For 0 patients of yours, and for those of others" in asked


def test_groups_are_made_filled_renamed_and_removed(northside: Clinic) -> None:
    client = northside.admin("clinician")
    made = client.post(LIST, {"action": "make-group", "name": "Pregnancy"})
    with northside.scope(), transaction.atomic():
        group = RuleGroup.objects.get(name="Pregnancy")
    address = at(LIST, group=str(group.public_id))
    assert made["Location"] == address
    client.post(address, {"action": "add-member", "member": "user_5678"})
    client.post(address, {"action": "rename-group", "name": "Expecting"})
    text = client.get(address).content.decode()
    assert "Expecting" in text
    assert "user_5678" in text
    kept = client.post(address, {"action": "delete-group"}, follow=True)
    assert "The group has patients." in kept.content.decode()
    client.post(address, {"action": "remove-member", "member": "user_5678"})
    assert client.post(address, {"action": "delete-group"})["Location"] == LIST
    assert client.get(address).status_code == 404
    again = client.post(LIST, {"action": "make-group", "name": ""}, follow=True)
    assert "This field cannot be blank." in again.content.decode()


def test_a_preset_is_looked_at_and_then_chosen(northside: Clinic) -> None:
    client = northside.admin("owner")
    preview = client.get(at(LIST, preset="clinic")).content.decode()
    assert "delay 15 minutes instead of none" in preview
    asked = client.post(LIST, {"action": "choose", "preset": "clinic"})
    assert "waits 15 minutes instead of not at all" in asked.content.decode()
    with northside.scope(), transaction.atomic():
        assert not ClinicAlarms.objects.exists()
    assert yes(client, LIST, asked).status_code == 302
    assert standing(northside, "low").confirm_minutes == 15
    assert "Preset Clinic, version 1" in client.get(LIST).content.decode()
    assert northside.admin("clinician").post(LIST, {"action": "choose", "preset": "tight"}).status_code == 403
    with northside.scope(), transaction.atomic():
        group = create_group(name="Strict")
    strict = at(LIST, group=str(group.public_id))
    assert northside.admin("clinician").post(strict, {"action": "choose", "preset": "standard"}).status_code == 302
    assert "preset Standard, version 1" in client.get(strict).content.decode()
    unknown = client.post(LIST, {"action": "choose", "preset": "none such"}, follow=True)
    assert "There is no preset none such" in unknown.content.decode()


def test_who_changed_what_is_told_in_words(northside: Clinic) -> None:
    clinician = northside.admin("clinician")
    save(clinician, at(EDIT, rule="low", **PATIENT), **{"c0-mgdl": "80"})
    save(clinician, at(EDIT, rule="low", **PATIENT), **{"c0-mgdl": "85"})
    text = northside.admin("nurse").get(at(LIST, **PATIENT)).content.decode()
    assert "condition: below 80 mg/dL → below 85 mg/dL" in text
    assert northside.people["clinician"].name in text
    assert "mgdl" not in text
    # Not on the clinic's page, where those who may not see the patient look.
    assert "below 85" not in northside.admin("nurse").get(LIST).content.decode()


def test_a_change_is_taken_back(northside: Clinic) -> None:
    client = northside.admin("clinician")
    save(client, at(EDIT, rule="low", **PATIENT), **{"c0-mgdl": "80"})
    asked = client.post(at(LIST, **PATIENT), {"action": "reset", "rule": "low"})
    assert "instead of on “below 80 mg/dL”" in asked.content.decode()
    assert yes(client, at(LIST, **PATIENT), asked).status_code == 302
    with northside.scope(), transaction.atomic():
        assert not PatientRule.objects.exists()


def test_the_simple_form_is_the_one_of_the_api(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        northside.patients[0].timezone = "Asia/Tokyo"
        northside.patients[0].save()
    client, address = northside.admin("clinician"), at(SIMPLE, **PATIENT)
    assert "Asia/Tokyo" in client.get(address).content.decode()
    wrong = client.post(
        address, {"low": "130", "high": "180", "is_quiet": "on", "quiet_from": "22", "quiet_until": "7:00"}
    )
    assert "from 40 to 100 mg/dL" in wrong.content.decode()
    assert "Write a time of day like 22:00." in wrong.content.decode()
    assert 'value="130"' in wrong.content.decode()
    same = client.post(
        address, {"low": "80", "high": "180", "is_quiet": "on", "quiet_from": "22:00", "quiet_until": "22:00"}
    )
    assert "Quiet hours end at another time than they begin." in same.content.decode()
    good = {"low": "80", "high": "200", "rapid_change": "", "notifies": "on", "is_quiet": "on"}
    saved = client.post(address, {**good, "quiet_from": "21:30", "quiet_until": "6:00", "act": "save"})
    assert saved.status_code == 302
    body = northside.api("clinician").get("/api/v1/users/user_5678/alerts/configuration").json()
    assert (body["lowGlucose"], body["highGlucose"], body["rapidChange"]) == (80, 200, None)
    with northside.scope(), transaction.atomic():
        alarms = PatientAlarms.objects.get(patient_id=northside.patients[0].pk)
        assert (alarms.quiet_from, alarms.quiet_until, alarms.notifies) == (time(21, 30), time(6), True)
    assert "waits" not in client.post(address, {**good, "is_quiet": ""}).content.decode()
    assert (
        "instead of on “below 80 mg/dL”" in client.post(address, {**good, "low": "50", "is_quiet": ""}).content.decode()
    )


def test_the_simple_form_in_mmol_drifts_nowhere(northside: Clinic) -> None:
    in_mmol(northside)
    client, address = northside.admin("clinician"), at(SIMPLE, **PATIENT)
    # Nothing is promised that is not in force.
    assert form_on(client, address)["rapid_change"] == ""
    for change in ({"rapid_change": "0.22"}, {}, {}):
        asked = client.post(address, {**form_on(client, address), "notifies": "on", **change})
        assert asked.status_code == 302
    with northside.scope(), transaction.atomic():
        plans = effective_rules([northside.patients[0].pk])[northside.patients[0].pk]
    limits = {plan.code: plan.condition.to_json() for plan in plans if plan.code in ("low", "high", "rapid_change")}
    assert limits["low"] == {"type": "below", "mgdl": 70}
    assert limits["high"] == {"type": "above", "mgdl": 250}
    assert limits["rapid_change"]["of"][0]["mgdlPerMinute"] == 3.96


def test_who_is_told_follows_the_severity(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        create_contact(position=0, member=northside.people["nurse"], minimum_severity="high")
    client, nurse = northside.admin("clinician"), northside.people["nurse"].name
    of_low = client.get(at(EDIT, rule="low")).context["told"]
    assert of_low[0] == f"At once: {nurse}."
    assert len(of_low) == 4
    assert client.get(at(EDIT, rule="high")).context["told"] == ["At once: nobody, by the choice of the clinic."]


def test_the_patients_page_leads_to_the_rules(northside: Clinic) -> None:
    page = northside.admin("nurse").get(f"/admin/patients/patient/{northside.patients[0].pk}/")
    assert at(LIST, **PATIENT) in page.content.decode()


def test_what_people_make_by_hand_breaks_nothing(northside: Clinic) -> None:
    client = northside.admin("owner")
    for query in ({"rule": "none"}, {"group": "x"}, {"patient": "\x00"}, {"group": "\x00"}):
        assert client.get(at(EDIT, **query)).status_code == 404
    odd = {"name": "\x00", "c0-type": "any", "c0-mgdl": "\x00", "seen": "\x00", "severity": "worse", "days": "x"}
    for act in ("save", "try", "remove:0", "and:9.9", "unwrap:0", "", "and:0.0.0.0.0.0.0"):
        assert client.post(EDIT, {**odd, "act": act}).status_code == 200, act
    assert client.post(at(LIST, **PATIENT), {"action": "move", "to_group": "x"}).status_code == 404
    assert client.post(at(LIST, **PATIENT), {"action": "add-member", "member": "user_5678"}).status_code == 403
