from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from alerts.models import PatientRule, Rule
from alerts.rules import EffectiveRule, Level, effective_rules, standing_for_clinic, standing_for_patient
from alerts.services.choices import choose_for_clinic
from alerts.services.groups import GroupInUse, create_group, delete_group, put_in_group
from alerts.services.rules import change_rule, create_rule, reset_rule
from audit.models import Entry
from readings.models import EvaluationMark
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic(northside: Clinic):
    with northside.scope(), transaction.atomic():
        yield northside


def below(mgdl: int) -> dict[str, object]:
    return {"condition": {"type": "below", "mgdl": mgdl}}


def plan_of(clinic: Clinic, code: str, patient: int = 0) -> EffectiveRule | None:
    patient_id = clinic.patients[patient].pk
    return next((rule for rule in effective_rules([patient_id])[patient_id] if rule.code == code), None)


def limit_of(clinic: Clinic, code: str, patient: int = 0) -> int:
    plan = plan_of(clinic, code, patient)
    assert plan is not None
    return int(plan.condition.to_json()["mgdl"])


def test_without_a_choice_the_standard_preset_stands(clinic: Clinic) -> None:
    plan = plan_of(clinic, "urgent_low")
    assert plan is not None
    assert plan.condition.to_json() == {"type": "atOrBelow", "mgdl": 55}
    assert (plan.severity, plan.repeat_minutes, plan.again_minutes) == ("critical", 5, 30)
    assert plan_of(clinic, "rising_fast") is None  # off in the preset
    assert {rule.level for rule in standing_for_clinic().values()} == {Level.PRESET}


def test_a_patients_rule_comes_before_the_groups_the_clinics_and_the_presets(clinic: Clinic) -> None:
    first, second = clinic.patients[:2]
    group = create_group(name="Children")
    put_in_group(patient=first, group=group)
    assert limit_of(clinic, "low") == 70
    create_rule(code="low", said=below(72))
    assert limit_of(clinic, "low") == 72
    create_rule(code="low", said=below(74), group=group)
    assert (limit_of(clinic, "low"), limit_of(clinic, "low", patient=1)) == (74, 72)
    own = create_rule(code="low", said=below(76), patient=first)
    assert (limit_of(clinic, "low"), limit_of(clinic, "low", patient=1)) == (76, 72)
    assert standing_for_patient(first)["low"].level == Level.PATIENT

    reset_rule(rule=own)

    assert limit_of(clinic, "low") == 74
    assert standing_for_patient(second)["low"].level == Level.CLINIC


def test_what_a_rule_does_not_say_is_as_it_stands_below(clinic: Clinic) -> None:
    choose_for_clinic(preset="clinic")
    create_rule(code="low", said=below(65), patient=clinic.patients[0])

    plan = plan_of(clinic, "low")
    assert plan is not None
    assert (plan.confirm_minutes, plan.severity, plan.name) == (15, "high", "Low for 15 minutes")


def test_a_groups_preset_counts_where_it_differs_from_the_clinics(clinic: Clinic) -> None:
    create_rule(code="high", said={"condition": {"type": "above", "mgdl": 300}})
    create_rule(code="urgent_low", said={"condition": {"type": "atOrBelow", "mgdl": 60}})
    put_in_group(patient=clinic.patients[0], group=create_group(name="Pregnancy", preset="pregnancy"))

    assert (limit_of(clinic, "high"), limit_of(clinic, "high", patient=1)) == (140, 300)
    # The same in both presets: what the clinic tightened stays.
    assert limit_of(clinic, "urgent_low") == 60


@pytest.mark.parametrize(
    "said",
    [
        {"is_on": False},
        {"severity": "low"},
        {"confirm_minutes": 30},
        {"condition": {"type": "atOrBelow", "mgdl": 54}},
        {"condition": {"type": "atOrBelow", "mgdl": 71}},
        {"condition": {"type": "below", "mgdl": 60}},
        {"condition": {"type": "sustained", "minutes": 60, "of": {"type": "atOrBelow", "mgdl": 55}}},
        {"condition": {"type": "not", "of": {"type": "atOrBelow", "mgdl": 55}}},
    ],
)
def test_nobody_can_lose_the_urgent_low(clinic: Clinic, said: dict[str, object]) -> None:
    for place in ({}, {"group": create_group(name="Children")}, {"patient": clinic.patients[0]}):
        with pytest.raises(ValidationError):
            create_rule(code="urgent_low", said=said, **place)
    assert limit_of(clinic, "urgent_low") == 55


@pytest.mark.parametrize("mgdl", [55, 70])
def test_an_urgent_low_is_raised_within_safe_bounds(clinic: Clinic, mgdl: int) -> None:
    create_rule(code="urgent_low", said={"condition": {"type": "atOrBelow", "mgdl": mgdl}})
    assert limit_of(clinic, "urgent_low") == mgdl


def test_a_row_that_the_doors_would_have_refused_counts_nothing(clinic: Clinic) -> None:
    values = {"name": "x", "severity": "critical", "condition": {"type": "atOrBelow", "mgdl": 55}, "is_on": False}
    PatientRule.objects.create(patient=clinic.patients[0], code="urgent_low", **values)
    assert limit_of(clinic, "urgent_low") == 55


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"type": "below", "mgdl": 20}, "mgdl"),
        ({"type": "lower", "mgdl": 70}, "there is no kind lower"),
        ({"type": "outside", "low": 180, "high": 70}, "must be below"),
        ({"type": "any", "of": []}, "of"),
        ({"type": "timeOfDay", "from": "22:00", "until": "07:00", "timeZone": "Europe/berlin"}, "but Europe/Berlin is"),
        ({"type": "timeOfDay", "from": "22:00", "until": "07:00", "timeZone": "Middle/Earth"}, "is not a time zone"),
        ({"type": "alert", "rule": "own_rule", "is": "active"}, "cannot look at its own"),
        ("below 70", "object"),
        (None, "object"),
    ],
)
def test_malformed_rules_are_refused_with_the_reason(clinic: Clinic, condition: object, sentence: str) -> None:
    said = {"name": "Own", "severity": "low", "condition": condition}
    with pytest.raises(ValidationError, match=sentence) as refused:
        create_rule(code="own_rule", said=said)
    assert list(refused.value.message_dict) == ["condition"]
    assert not Rule.objects.exists()


def test_a_rule_of_ones_own_says_what_no_preset_says(clinic: Clinic) -> None:
    with pytest.raises(ValidationError) as refused:
        create_rule(code="night_high", said={"name": "High at night"})
    assert set(refused.value.message_dict) == {"severity", "condition"}
    high = {"name": "High at night", "severity": "medium", "condition": {"type": "above", "mgdl": 200}}
    create_rule(code="night_high", said=high)
    assert limit_of(clinic, "night_high") == 200


def test_a_rule_is_switched_off_for_one_patient_and_for_nobody_else(clinic: Clinic) -> None:
    """Complaint: "mute" switching a rule off for the whole tenant."""
    create_rule(code="high", said={"is_on": False}, patient=clinic.patients[0])

    assert plan_of(clinic, "high") is None
    assert plan_of(clinic, "high", patient=1) is not None


def test_changes_stand_in_the_ledger_and_wake_the_evaluator(clinic: Clinic) -> None:
    clinic.store(100)
    EvaluationMark.objects.all().delete()
    rule = create_rule(code="low", said=below(72), patient=clinic.patients[0])
    change_rule(rule=rule, changes=below(74))
    reset_rule(rule=rule)

    entries = Entry.objects.about_object(["alerts.patientrule"], str(rule.public_id)).order_by("id")
    assert [entry.action for entry in entries] == ["create", "update", "delete"]
    assert {entry.patient_id for entry in entries} == {clinic.patients[0].pk}
    assert EvaluationMark.objects.get().patient_id == clinic.patients[0].pk


def test_a_group_with_patients_is_not_deleted(clinic: Clinic) -> None:
    group = create_group(name="Children")
    create_rule(code="low", said=below(74), group=group)
    put_in_group(patient=clinic.patients[0], group=group)
    with pytest.raises(GroupInUse), transaction.atomic():
        delete_group(group=group)
    assert Rule.objects.count() == 1
    put_in_group(patient=clinic.patients[0], group=None)
    delete_group(group=group)
    assert not Rule.objects.exists()


def test_a_chosen_preset_is_pinned(clinic: Clinic) -> None:
    chosen = choose_for_clinic(preset="tight")
    assert (chosen.preset, chosen.preset_version, limit_of(clinic, "high")) == ("tight", 1, 180)
    with pytest.raises(ValidationError, match="there are standard"):
        choose_for_clinic(preset="loose")


def test_rules_of_many_patients_take_few_queries(clinic: Clinic) -> None:
    put_in_group(patient=clinic.patients[0], group=create_group(name="Children"))
    with CaptureQueriesContext(
        connection,
    ) as one:
        effective_rules([clinic.patients[0].pk])
    with CaptureQueriesContext(connection) as many:
        effective_rules(patient.pk for patient in clinic.patients)
    assert len(one) == len(many) == 1
