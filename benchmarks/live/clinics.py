"""Clinics that are listened to and told of alarms, each by a channel of its own."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction

from alerts.models import Channel, Contact
from benchmarks.devices import BenchmarkDevice, insert_devices
from benchmarks.people import access_token
from tenancy.managers import audited_elsewhere
from tenancy.scope import organization_scope
from tenancy.services import create_organization

# Beyond those of the fleet.
FIRST_ID = 300_000_000


@dataclass(frozen=True, slots=True)
class HeardClinics:
    devices: Sequence[BenchmarkDevice]
    tokens: Sequence[str]


def make_clinics(count: int, *, devices: int, receiver_port: int) -> HeardClinics:
    """The devices' patients were measured five minutes ago; the clinics take turns among them."""
    numbers = [create_organization(code=f"heard-{n}", name=f"Heard {n}").id for n in range(count)]
    for number in numbers:
        _name_channel(number, f"http://localhost:{receiver_port}/")
    measured = datetime.now(UTC) - timedelta(minutes=5)
    made = insert_devices(range(FIRST_ID, FIRST_ID + devices), numbers, first_reading=measured)
    return HeardClinics(made, [access_token(number) for number in numbers])


def _name_channel(organization_id: int, url: str) -> None:
    settings = json.dumps({"url": url, "secret": secrets.token_urlsafe(32)})
    with organization_scope(organization_id), transaction.atomic(), audited_elsewhere("a benchmark"):
        channel = Channel(kind=Channel.Kind.WEBHOOK, name="Receiver", settings=settings)
        channel.save()
        Contact(position=0, channel=channel).save()
