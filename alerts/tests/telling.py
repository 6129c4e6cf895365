"""What tests of deliveries build on: episodes of a clinic that has named nobody yet."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from alerts.models import Channel, Contact, Delivery, Episode, PatientAlarms, Snooze
from patients.models import CareTeamMember
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

RULE = {"code": "urgent_low", "repeat_minutes": 5, "again_minutes": 30}


def start_anew(clinic: Clinic) -> None:
    """Needs the clinic's scope. Rows that every clinic of the tests has would be told as well."""
    with audited_elsewhere("a test"):
        Contact.objects.all().delete()
        Snooze.objects.all().delete()
        CareTeamMember.objects.all().delete()
        Delivery.objects.not_sent_yet().update(state=Delivery.State.SKIPPED)
        PatientAlarms.objects.all().update(quiet_from=None, quiet_until=None, notifies=True)
        Episode.objects.open().update(state=Episode.State.RESOLVED, next_escalation_at=None, next_repeat_at=None)


def make_episode(clinic: Clinic, **changes: Any) -> Episode:
    now = timezone.now()
    values: dict[str, Any] = {
        "patient": clinic.patients[0],
        "rule_code": "urgent_low",
        "rule_name": "Urgent low",
        "rule": RULE,
        "severity": "critical",
        "state": Episode.State.ACTIVE,
        "opened_at": now - timedelta(minutes=1),
        "confirmed_at": now - timedelta(minutes=1),
        "found_at": now,
        "glucose": 54,
        "worst_glucose": 54,
    }
    episode: Episode = Episode.objects.create(**{**values, **changes})
    return episode


def make_channel(kind: str, name: str = "On call", **settings: str) -> Channel:
    channel = Channel(kind=kind, name=name, settings=json.dumps(settings))
    channel.save()
    return channel


def set_quiet(clinic: Clinic, **values: Any) -> None:
    with audited_elsewhere("a test"):
        PatientAlarms.objects.update_or_create(patient=clinic.patients[0], defaults=values)


def of_state(state: str) -> list[Delivery]:
    return list(Delivery.objects.filter(state=state, episode__rule_code="urgent_low").order_by("id"))
