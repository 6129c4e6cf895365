"""Keys that end soon: their clinic's owners and admins are told by mail, once for each key."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.mail import send_mail
from accounts.models import Membership
from accounts.organizations import current_organization
from devices.fleet.health import KEY_ENDS_SOON
from devices.models import DeviceKey
from tenancy.directory import organizations_named_by
from tenancy.managers import audited_elsewhere

# More are counted: a mail is read, a list of thousands is not.
NAMED_KEYS = 50


def organizations_with_ending_keys() -> list[int]:
    return organizations_named_by("devices_organizations_with_ending_keys")


def ending_keys(now: datetime) -> QuerySet[DeviceKey]:
    """Live ones that end within two weeks, that no other key was made for already, and of which nobody was told."""
    successors = DeviceKey.objects.live().filter(replaces_id=OuterRef("pk"))
    soon = DeviceKey.objects.live().filter(end_told_at__isnull=True, expires_at__lte=now + KEY_ENDS_SOON)
    found: QuerySet[DeviceKey] = soon.filter(~Exists(successors)).select_related("device").order_by("expires_at", "id")
    return found


def tell_of_ending_keys(now: datetime) -> int:
    """Of the clinic in scope; returns how many keys. A mail that fails is sent again next time, which may be twice."""
    with transaction.atomic():
        keys = list(ending_keys(now))
        managers, clinic = list(Membership.objects.managers()), current_organization()
    if not keys:
        return 0
    zone = ZoneInfo(clinic.timezone)
    context = {
        "clinic": " ".join(clinic.name.split()),
        "lines": [_line(key, zone) for key in keys[:NAMED_KEYS]],
        "others": max(0, len(keys) - NAMED_KEYS),
        "address": f"{settings.PUBLIC_URL}/admin/fleet/?health=warning",
    }
    for manager in managers:
        send_mail(to=manager.email, template="ending_keys", context={**context, "manager": manager})
    with transaction.atomic(), audited_elsewhere("that somebody was told changes nothing about the key"):
        DeviceKey.objects.filter(pk__in=[key.pk for key in keys]).update(end_told_at=now)
    return len(keys)


def _line(key: DeviceKey, zone: ZoneInfo) -> str:
    whose = key.device.code if key.device else "every device of the clinic"
    name = f" ({' '.join(key.name.split())})" if key.name else ""
    ends = f"{key.expires_at.astimezone(zone):%d %B %Y, %H:%M}" if key.expires_at else ""
    return f"{key.prefix}…{name}, {whose}: {ends}"
