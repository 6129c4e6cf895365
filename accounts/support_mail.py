"""Mails about the support and about second factors; workers write them, from ids."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from accounts.mail import send_mail
from accounts.models import Membership, SupportAccess, User
from accounts.organizations import current_organization


def tell_owners_of_support(*, access_id: int) -> None:
    with transaction.atomic():
        access = SupportAccess.objects.get(pk=access_id)
        owners = list(Membership.objects.owners())
        clinic = current_organization()
    zone = ZoneInfo(clinic.timezone)
    context = {
        "access": access,
        "clinic": " ".join(clinic.name.split()),
        "begins": f"{access.begins_at.astimezone(zone):%d %B %Y, %H:%M}",
        "until": f"{access.expires_at.astimezone(zone):%H:%M} ({clinic.timezone.replace('_', ' ')})",
        "address": f"{settings.PUBLIC_URL}/admin/support-access/",
    }
    for owner in owners:
        send_mail(to=owner.email, template="support_access", context={**context, "owner": owner})


def tell_of_disabled_second_factor(*, user_id: int) -> None:
    user = User.objects.with_id(user_id)
    if user is not None:
        send_mail(to=user.email, template="second_factor_disabled", context={"address": settings.PUBLIC_URL})
