"""Mails to those who answer for the clinic: a patient has to connect again, or will have to soon.

One for each event. It names the patient by the code alone: mail is read in many places.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.mail import send_mail
from accounts.models import Membership
from accounts.organizations import current_organization
from dexcom_sync.models import Connection

# A consent is good for a year.
EXPIRES_AFTER = timedelta(days=365)
REMIND_AFTER = timedelta(days=330)

Status = Connection.Status

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Due:
    connection: Connection
    former: datetime | None

    @property
    def is_over(self) -> bool:
        return self.connection.status == Status.REAUTH_REQUIRED


def remind() -> int:
    """Of the clinic in scope; returns how many were sent. A mail server that is away is asked again in an hour."""
    sent = 0
    for due in _due(timezone.now()):
        if not _claimed(due):
            continue
        try:
            _tell(due)
            sent += 1
        except OSError:
            _give_back(due)
            log.warning("dexcom_reminder_not_sent", connection=str(due.connection.public_id))
    return sent


@transaction.atomic
def _due(now: datetime) -> list[_Due]:
    old = now - REMIND_AFTER
    lost = Q(status=Status.REAUTH_REQUIRED) & (Q(reminded_at__isnull=True) | Q(reminded_at__lt=F("last_error_at")))
    ageing = Q(status__in=(Status.ACTIVE, Status.PAUSED, Status.AUTH_SUSPECT), authorized_at__lte=old) & (
        Q(reminded_at__isnull=True) | Q(reminded_at__lt=F("authorized_at") + REMIND_AFTER)
    )
    found = Connection.objects.filter(lost | ageing).select_related("patient")
    return [_Due(connection, connection.reminded_at) for connection in found]


@transaction.atomic
def _claimed(due: _Due) -> bool:
    """Before the mail: of two workers one sends it."""
    now = timezone.now()
    theirs = Connection.objects.filter(
        pk=due.connection.pk, status=due.connection.status, authorized_at=due.connection.authorized_at
    )
    former = Q(reminded_at__isnull=True) if due.former is None else Q(reminded_at=due.former)
    return bool(theirs.filter(former).update(reminded_at=now))


@transaction.atomic
def _give_back(due: _Due) -> None:
    Connection.objects.filter(pk=due.connection.pk).update(reminded_at=due.former)


def _tell(due: _Due) -> None:
    with transaction.atomic():
        managers = list(Membership.objects.managers())
        clinic = current_organization()
    authorized_at = due.connection.authorized_at
    context = {
        "clinic": " ".join(clinic.name.split()),
        "code": due.connection.patient.code,
        "is_over": due.is_over,
        "until": f"{authorized_at + EXPIRES_AFTER:%d %B %Y}" if authorized_at else "",
        "address": f"{settings.PUBLIC_URL}/admin/patients/patient/{due.connection.patient_id}/#dexcom",
    }
    for manager in managers:
        send_mail(to=manager.email, template="dexcom_reminder", context={**context, "manager": manager})
