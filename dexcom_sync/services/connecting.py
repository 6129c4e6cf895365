"""From "connect" to the first pair of tokens: whoever was sent to Dexcom's page is the one who comes back, once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership
from audit.actions import Action
from audit.services import record
from dexcom_sync.applications import NotOffered, application_of, client_of, limiter_of
from dexcom_sync.client import DexcomError, TokenRefusal, TokenRefused, Tokens
from dexcom_sync.limiter import Lane, MustWait
from dexcom_sync.models import Connection, ConnectRequest
from dexcom_sync.services.equipment import give_device
from dexcom_sync.services.tokens import erase, keep_first_pair
from dexcom_sync.wording import error_sentence
from patients.models import Consent, Patient

LIFE = timedelta(minutes=10)
OBJECT = "dexcom_sync.connection"


class ConnectError(Exception):
    """``code`` for pages and answers; ``str()`` is the sentence for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


UNKNOWN_STATE = ConnectError(
    "unknown_state", "This consent was not begun here, was used already, or is older than ten minutes. Begin again."
)
ARCHIVED = ConnectError("archived", "The patient is archived. Restore the patient first, then connect.")
_REFUSED = {
    TokenRefusal.INVALID_GRANT: "Dexcom's code has expired: it is good for one minute. Begin again.",
    TokenRefusal.USER_CAP: "Dexcom allows this platform no more people at present. Ask your operator.",
    TokenRefusal.AMBIGUOUS: "Dexcom's answer was lost on its way. Begin again.",
}
_OURS = "Dexcom refused this platform's credentials. Nothing is wrong with the patient's account; ask your operator."


@transaction.atomic
def begin(
    *, patient: Patient, member: Membership, region: str, session_key: str = "", client_state: str = ""
) -> tuple[ConnectRequest, str]:
    """Returns the request, and the address of Dexcom's page.

    Raises NotOffered for a region without an application, and ConnectError for an archived patient.

    ``session_key``: of the browser in which it begins and must end; "" for an app, which brings the code itself.
    """
    application = application_of(region)
    if patient.archived_at is not None:
        raise ARCHIVED
    state = secrets.token_urlsafe(32)
    now = timezone.now()
    request = ConnectRequest.objects.create(
        patient=patient,
        member=member,
        region=region,
        state_digest=digest_of(state),
        session_digest=digest_of(session_key) if session_key else b"",
        client_state=client_state,
        created_at=now,
        expires_at=now + LIFE,
    )
    return request, application.authorization_url(state)


def finish(*, state: str, code: str, member: Membership, session_key: str = "") -> tuple[Connection, ConnectRequest]:
    """Call it at once, and outside of transactions: the code lives for a minute. Raises ConnectError."""
    request = take_request(state=state, member=member, session_key=session_key)
    tokens = _exchanged(request, code)
    return _connected(request, tokens, member), request


@transaction.atomic
def take_request(*, state: str, member: Membership, session_key: str) -> ConnectRequest:
    """The request of this state, from now on used. One that another person or another browser began stays unused."""
    now = timezone.now()
    digest = digest_of(state)
    found: ConnectRequest | None = (
        ConnectRequest.objects.filter(state_digest=digest, expires_at__gt=now, used_at__isnull=True)
        .select_related("patient")
        .first()
    )
    if found is None or not _is_theirs(found, member, session_key):
        raise UNKNOWN_STATE
    if not ConnectRequest.objects.filter(pk=found.pk, used_at__isnull=True).update(used_at=now):
        raise UNKNOWN_STATE
    return found


def digest_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _is_theirs(request: ConnectRequest, member: Membership, session_key: str) -> bool:
    expected = bytes(request.session_digest)
    given = digest_of(session_key) if session_key else b""
    return request.member_id == member.pk and hmac.compare_digest(expected, given)


def _exchanged(request: ConnectRequest, code: str) -> Tokens:
    try:
        with limiter_of(request.region).permitted(Lane.INTERACTIVE):
            return client_of(request.region).exchange_code(code)
    except TokenRefused as refusal:
        sentence = _OURS if refusal.is_our_fault else _REFUSED.get(refusal.kind)
        raise ConnectError(refusal.kind, sentence or "Dexcom refused the code. Begin again.") from refusal
    except NotOffered as gone:
        raise ConnectError("region_not_offered", error_sentence("region_not_offered")) from gone
    except MustWait as must:
        raise ConnectError("busy", "All calls to Dexcom wait at the moment. Try again in some minutes.") from must
    except DexcomError as error:
        raise ConnectError("unreachable", "Dexcom does not answer at the moment. Try again in some minutes.") from error


@transaction.atomic
def _connected(request: ConnectRequest, tokens: Tokens, member: Membership) -> Connection:
    """The patient's connection, made or renewed. A renewed one goes on where it was; its account may not change."""
    now = timezone.now()
    # Whoever connects the same patient at the same time waits here.
    patient = Patient.objects.select_for_update(no_key=True).get(pk=request.patient_id)
    connection = Connection.objects.select_for_update().standing().of_patient(patient).first()
    if connection is not None and connection.region != request.region:
        connection.status = Connection.Status.REVOKED
        connection.save(update_fields=["status"])
        erase(connection)
        connection = None
    is_new = connection is None
    connection = connection or Connection(patient=patient, region=request.region)
    _revive(connection, now)
    connection.save()
    keep_first_pair(connection, tokens)
    give_device(connection)
    record(
        action=Action.CREATE if is_new else Action.UPDATE,
        object_type=OBJECT,
        object_id=str(connection.public_id),
        patient_id=patient.pk,
        reason=f"connected by {member.name}",
    )
    return connection


def _revive(connection: Connection, now: datetime) -> None:
    consent = (
        Consent.objects.in_force().filter(patient_id=connection.patient_id, kind=Consent.Kind.DEVICE_CLOUD).first()
    )
    connection.status = Connection.Status.ACTIVE
    connection.consent = consent
    connection.authorized_at = connection.next_due_at = now
    connection.claim = connection.claimed_until = connection.suspect_since = connection.reminded_at = None
    connection.probes = connection.refusals = 0
    connection.last_error, connection.last_error_at = "", None
