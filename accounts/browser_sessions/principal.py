"""Whom a browser's session stands for. A sign-in that waits for its code stands for nobody."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts.browser_sessions.services import ENDED_BECAUSE, SECOND_FACTOR, reason_of_end
from accounts.models import User
from accounts.one_time.services import device_is_required
from accounts.principals import SESSION_ORGANIZATION, PersonPrincipal, person_principal, person_principals

# Of requests that a page sends by itself, without anybody at the screen: they do not keep a browser signed in.
BACKGROUND = "X-Background"


def signed_in_user(request: HttpRequest) -> User | None:
    """The account, also where it has no clinic. Notes that the browser is in use, or ends the session in time."""
    if not request.user.is_authenticated:
        return None
    if reason := reason_of_end(request.session):
        request.session.flush()
        request.session[ENDED_BECAUSE] = reason
        request.user = AnonymousUser()
        return None
    if BACKGROUND not in request.headers:
        request.session.note_seen()  # type: ignore[attr-defined]
    return request.user


def session_principal(request: HttpRequest) -> PersonPrincipal | None:
    user = signed_in_user(request)
    if user is None:
        return None
    organization_id = request.session.get(SESSION_ORGANIZATION)
    if organization_id:
        # Lost meanwhile: no other clinic of the person takes its place, or an open form would be saved there.
        principal = person_principal(user.public_id, organization_id)
    else:
        principal = next(iter(person_principals(user.public_id)), None)
    if principal is None or lacks_second_factor(request, user, is_staff=principal.is_staff):
        return None
    user.role, user.name = principal.role, principal.name
    return principal


def lacks_second_factor(request: HttpRequest, user: User, *, is_staff: bool) -> bool:
    """A session of before the platform began to ask for codes."""
    return not request.session.get(SECOND_FACTOR) and device_is_required(user, is_staff=is_staff)
