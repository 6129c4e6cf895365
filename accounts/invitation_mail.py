"""The mail that carries an invitation's link. It is written by the worker, so that no message holds the token."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.invitation_tokens import invitation_link
from accounts.mail import send_mail
from accounts.models import Invitation
from accounts.organizations import current_organization


def send_invitation(*, invitation_id: int) -> None:
    """Nothing is sent where the invitation was answered or taken back meanwhile."""
    with transaction.atomic():
        invitation = Invitation.objects.pending().select_related("invited_by").filter(pk=invitation_id).first()
        clinic = current_organization()
    if invitation is None:
        return
    until = invitation.expires_at.astimezone(ZoneInfo(clinic.timezone))
    context = {
        "invitation": invitation,
        "inviter": invitation.invited_by.name if invitation.invited_by else "",
        # On one line: it stands in the subject.
        "clinic": " ".join(clinic.name.split()),
        "link": invitation_link(invitation),
        "until": f"{until:%A, %d %B %Y, %H:%M} ({clinic.timezone.replace('_', ' ')})",
    }
    send_mail(to=invitation.email, template="invitation", context=context)
