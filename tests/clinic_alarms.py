"""Rows about alarms that the isolation tests look for: of each patient one of each kind."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from alerts.models import (
    Channel,
    ClinicAlarms,
    Contact,
    Delivery,
    Episode,
    EpisodeEvent,
    LateReadings,
    PatientAlarms,
    PatientEvaluation,
    PatientRule,
    Rule,
    RuleGroup,
    Severity,
    Snooze,
)
from patients.models import Patient

if TYPE_CHECKING:
    from tests.clinics import Clinic

LOW = {"type": "below", "mgdl": 70}


def add_alarm_rows(clinic: Clinic, *, canaries: tuple[str, str]) -> None:
    """Needs the clinic's scope. ``canaries``: the clinic's, and that of its second patient's rows."""
    of_clinic, of_second = canaries
    ClinicAlarms.objects.create(preset="standard", preset_version=1)
    group = RuleGroup.objects.create(name=f"Group {of_clinic}")
    Rule.objects.create(code="low", name=f"Clinic's low {of_clinic}", severity=Severity.HIGH, condition=LOW)
    Rule.objects.create(code="low", name=f"Group's low {of_clinic}", severity="high", condition=LOW, group=group)
    channel = Channel.objects.create(kind="webhook", name=f"Channel {of_clinic}", settings="{}")
    Contact.objects.create(member=clinic.people["nurse"], channel=channel)
    for number, patient in enumerate(clinic.patients[:2]):
        _add_rows_of(patient, clinic, group, of_second if number else of_clinic)


def _add_rows_of(patient: Patient, clinic: Clinic, group: RuleGroup, canary: str) -> None:
    now = datetime.now(UTC)
    nurse = clinic.people["nurse"]
    PatientRule.objects.create(
        patient=patient, code="high", name=f"Rule {canary}", severity="medium", condition={"type": "above", "mgdl": 240}
    )
    PatientAlarms.objects.create(patient=patient, group=group, quiet_from=time(22), quiet_until=time(7))
    PatientEvaluation.objects.create(
        patient=patient, evaluated_at=now, evaluated_through=now, seen=[], rules={"canary": canary}
    )
    LateReadings.objects.create(patient=patient, count=3, first_at=now - timedelta(hours=5), last_at=now)
    episode = add_episode(patient, rule_name=f"Low {canary}")
    EpisodeEvent.objects.create(
        episode=episode,
        patient=patient,
        kind=EpisodeEvent.Kind.COMMENTED,
        at=now,
        actor_kind="person",
        actor_id=str(nurse.user_public_id),
        actor_name=nurse.name,
        detail={"text": canary},
    )
    Delivery.objects.create(
        episode=episode, patient=patient, recipient=nurse.email, reason="opened", state="sent", result=canary
    )
    Snooze.objects.create(episode=episode, patient=patient, member=nurse, until=now + timedelta(minutes=20))


def add_episode(patient: Patient, **changes: object) -> Episode:
    """An alarm that nobody has acknowledged. Needs the clinic's scope."""
    now = datetime.now(UTC)
    values = {
        "rule_code": "low",
        "rule_name": "Low",
        "rule": {"code": "low", "condition": LOW},
        "severity": Severity.HIGH,
        "state": Episode.State.ACTIVE,
        "opened_at": now - timedelta(minutes=20),
        "confirmed_at": now - timedelta(minutes=20),
        "found_at": now - timedelta(minutes=20),
        "glucose": 65,
        "worst_glucose": 61,
    }
    episode: Episode = Episode.objects.create(patient=patient, **{**values, **changes})
    return episode
