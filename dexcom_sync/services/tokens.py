"""The one way to an access token. A refresh token opens once: who spends it must be alone, and must keep the answer.

Spending is claimed by a conditional update that is committed before the call: of any number of workers one calls, and
the others wait for what it stores. Where the claim is still there after a minute, its worker has died, and perhaps the
answer with it: then the escrow is looked into, and the old token is tried once more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from dexcom_sync.client import RateLimited, ServerTrouble, TokenRefusal, TokenRefused, Tokens
from dexcom_sync.limiter import MustWait
from dexcom_sync.models import Connection, Token
from dexcom_sync.services import escrow, standing
from tenancy.encryption.cache import Secret

# Longer than a call may take: 5 s to connect, 30 s to answer, and the second try of a lost answer.
CLAIM_HOLDS = timedelta(seconds=90)
OTHERS_WAIT = 40.0
LOOK_EVERY = 0.1
AFTER_A_LOST_ANSWER = 5.0
STORE_TRIES = 3
FRESH_FOR_AT_LEAST = 300

Refresh = Callable[[str], Tokens]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    value: str = field(repr=False)
    generation: int


@dataclass(frozen=True, slots=True)
class _Claim:
    """``at``: by the database's clock, as hosts differ. ``interrupted_at``: of a claim before it, whose worker died or
    whose answer was lost.
    """

    at: datetime
    interrupted_at: datetime | None


class TokenError(Exception):
    """No access token now."""


class TokenBusy(TokenError):
    """Another worker is spending the refresh token and has not finished."""


class TokenTrouble(TokenError):
    """Their service or ours: nothing is wrong with the consent. ``wait``: seconds that they asked for, or None."""

    def __init__(self, reason: str, wait: float | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class SignInInDoubt(TokenError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ApplicationRefused(TokenError):
    """Our id or secret is wrong: no patient's fault, and no connection changes for it."""


def access_for(connection: Connection, refresh: Refresh, *, refused: int | None = None) -> Access:
    """An access token of the connection that is good for minutes.

    ``refused``: the generation that a data call was just refused with; a newer one that stands already is as good as a
    refresh. Call it outside of transactions: it waits, and calls Dexcom.
    """
    waited_until = time.monotonic() + OTHERS_WAIT
    while True:
        token = _current(connection)
        if token.access_expires_at > timezone.now() and token.generation != refused:
            return Access(token.access, token.generation)
        if claim := _claim(token):
            return _spend(connection, token, claim, refresh)
        if time.monotonic() > waited_until:
            raise TokenBusy
        time.sleep(LOOK_EVERY)


@transaction.atomic
def keep_first_pair(connection: Connection, pair: Tokens) -> Token:
    """What the consent gave. A connection that is connected again goes on counting generations."""
    now = timezone.now()
    token: Token | None = Token.objects.select_for_update().filter(connection_id=connection.pk).first()
    if token is None:
        token = Token(connection=connection, patient_id=connection.patient_id, generation=0)
    _fill(token, pair, now)
    token.save()
    return token


@transaction.atomic
def erase(connection: Connection) -> None:
    Token.objects.filter(connection_id=connection.pk).delete()
    escrow.forget(connection)


@transaction.atomic
def _current(connection: Connection) -> Token:
    found: Token | None = Token.objects.filter(connection_id=connection.pk).first()
    if found is None:
        raise SignInInDoubt("no_tokens")
    # Opened here, in the transaction: a process that has not needed the patient's key yet reads it from the database.
    found.access, found.refresh  # noqa: B018
    return found


@transaction.atomic
def _claim(token: Token) -> _Claim | None:
    free = Q(intended_at__isnull=True) | Q(intended_at__lt=Now() - CLAIM_HOLDS)
    row: Token | None = Token.objects.select_for_update().filter(free, pk=token.pk, generation=token.generation).first()
    if row is None:
        return None
    Token.objects.filter(pk=row.pk).update(intended_at=Now())
    return _Claim(Token.objects.values_list("intended_at", flat=True).get(pk=row.pk), row.intended_at)


@transaction.atomic
def _release(token: Token, claim: _Claim) -> None:
    """Nothing was spent. That an earlier answer may be lost is not forgotten with it."""
    Token.objects.filter(pk=token.pk, intended_at=claim.at).update(intended_at=claim.interrupted_at)


@transaction.atomic
def _settle(token: Token, claim: _Claim) -> None:
    """Dexcom has answered: whatever was lost before, it is known now how the token stands."""
    Token.objects.filter(pk=token.pk, intended_at=claim.at).update(intended_at=None)


def _spend(connection: Connection, token: Token, claim: _Claim, refresh: Refresh) -> Access:
    was_interrupted = claim.interrupted_at is not None
    try:
        kept = escrow.look(connection, after=token.generation)
    except escrow.Away as away:
        if was_interrupted:
            # The next pair may lie there: to spend the old token now could end that one too.
            _release(token, claim)
            raise TokenTrouble("escrow_away", None) from away
        kept = None
    lock = escrow.lock_for(connection)
    if kept is not None:
        return _keep(connection, token, kept, lock)
    try:
        return _keep(connection, token, refresh(token.refresh), lock)
    except TokenRefused as refusal:
        if refusal.kind is not TokenRefusal.AMBIGUOUS:
            return _refused(connection, token, claim, refusal, answer_was_lost=was_interrupted)
    except MustWait:
        _release(token, claim)
        raise
    except (RateLimited, ServerTrouble) as trouble:
        _release(token, claim)
        raise TokenTrouble("token_address_busy", trouble.retry_after) from trouble
    # The lost answer may have rotated the token, or not: it is tried once more. Where that cannot be, the claim stays:
    # whoever comes after it has run out knows that an answer may have been lost.
    time.sleep(AFTER_A_LOST_ANSWER)
    try:
        return _keep(connection, token, refresh(token.refresh), lock)
    except TokenRefused as refusal:
        return _refused(connection, token, claim, refusal, answer_was_lost=True)
    except MustWait as must:
        raise TokenTrouble("token_address_silent", max(must.seconds, CLAIM_HOLDS.total_seconds())) from must
    except (RateLimited, ServerTrouble) as trouble:
        wait = max(trouble.retry_after or 0.0, CLAIM_HOLDS.total_seconds())
        raise TokenTrouble("token_address_busy", wait) from trouble


def _refused(
    connection: Connection, token: Token, claim: _Claim, refusal: TokenRefused, *, answer_was_lost: bool
) -> Access:
    stands = _current(connection)
    if stands.generation != token.generation:
        return Access(stands.access, stands.generation)
    if refusal.kind is TokenRefusal.AMBIGUOUS:
        raise TokenTrouble("token_address_silent", CLAIM_HOLDS.total_seconds()) from refusal
    if refusal.kind is TokenRefusal.INVALID_GRANT:
        _settle(token, claim)
        raise SignInInDoubt(standing.LOST_ANSWER if answer_was_lost else "invalid_grant") from refusal
    _release(token, claim)
    if refusal.is_our_fault:
        raise ApplicationRefused(refusal.kind) from refusal
    if refusal.kind is TokenRefusal.UNRECOGNISED and standing.note_unreadable_refusal(connection):
        raise SignInInDoubt("token_refused_unreadably") from refusal
    raise TokenTrouble(f"token_{refusal.kind}", None) from refusal


def _keep(connection: Connection, token: Token, pair: Tokens, lock: Secret) -> Access:
    """Stored before it is used; where that fails, for whatever reason, in escrow: the old pair is spent."""
    for pause in (0.0, *[0.5 * 2**n for n in range(STORE_TRIES)]):
        time.sleep(pause)
        try:
            access = _store(connection, token.generation, pair)
        except SignInInDoubt:
            raise
        except Exception:
            log.warning("dexcom_token_not_stored", connection=str(connection.public_id), exc_info=True)
        else:
            # Not within: who withdraws a connection locks it before its tokens.
            standing.forget_refusals(connection)
            return access
    escrow.keep(connection, pair, generation=token.generation + 1, lock=lock)
    return Access(pair.access_token, token.generation + 1)


@transaction.atomic
def _store(connection: Connection, generation: int, pair: Tokens) -> Access:
    token: Token | None = Token.objects.select_for_update().filter(connection_id=connection.pk).first()
    if token is None:
        # Withdrawn in the meantime: what was just given is forgotten with the rest.
        raise SignInInDoubt("no_tokens")
    if token.generation != generation:
        # Somebody stored another pair meanwhile, by a new consent: that one is in force.
        return Access(token.access, token.generation)
    _fill(token, pair, timezone.now())
    token.save()
    escrow.forget_after_commit(connection)
    return Access(token.access, token.generation)


def _fill(token: Token, pair: Tokens, now: datetime) -> None:
    token.access = pair.access_token
    if pair.refresh_token is not None:
        token.refresh = pair.refresh_token
    # A token that is about to run out is none: some minutes less, or a fifth of a short life.
    token.access_expires_at = pair.expires_at - timedelta(seconds=min(FRESH_FOR_AT_LEAST, pair.expires_in / 5))
    token.generation += 1
    token.refreshed_at = now
    token.intended_at = None
