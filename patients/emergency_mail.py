"""The mail that tells owners and admins of an emergency access. It names no patient: mail is read in many places."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from accounts.mail import send_mail
from accounts.models import Membership
from accounts.organizations import current_organization
from patients.models import EmergencyAccess


def tell_managers_of_emergency(*, access_id: int) -> None:
    with transaction.atomic():
        access = EmergencyAccess.objects.select_related("member").get(pk=access_id)
        managers = list(Membership.objects.managers())
        clinic = current_organization()
    zone = ZoneInfo(clinic.timezone)
    context = {
        "name": access.member.name,
        "role": access.member.get_role_display(),
        "clinic": " ".join(clinic.name.split()),
        "begins": f"{access.begins_at.astimezone(zone):%d %B %Y, %H:%M}",
        "until": f"{access.expires_at.astimezone(zone):%H:%M} ({clinic.timezone.replace('_', ' ')})",
        "address": f"{settings.PUBLIC_URL}/admin/emergency-access/",
    }
    for manager in managers:
        send_mail(to=manager.email, template="emergency_access", context={**context, "manager": manager})
