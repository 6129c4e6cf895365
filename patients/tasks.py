from __future__ import annotations

from celery import shared_task

from patients.emergency_mail import tell_managers_of_emergency
from tenancy.tasks import OrganizationTask


@shared_task(base=OrganizationTask, name="patients.mail_emergency_access")
def mail_emergency_access_task(access_id: int) -> None:
    tell_managers_of_emergency(access_id=access_id)
