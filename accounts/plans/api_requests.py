"""Requests of people's programs to REST: how many of a clinic's plan are left this hour, and how many a day had."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import redis
from django.db import InterfaceError, OperationalError, transaction

from accounts.plans.catalogue import Limit
from accounts.plans.standing import current_standing
from tenancy.limits import LIMITS_SKIPPED, allow_rate, key_prefix
from tenancy.redis import limits_client
from tenancy.scope import required_organization_id

NAME = "plan"
# A plan that is changed acts on this limit so much later at most.
REMEMBERED_SECONDS = 30.0
KEPT = timedelta(days=3)
_known: dict[tuple[str, int], tuple[float, int | None]] = {}


def allow_request() -> float | None:
    """Count one of the clinic in scope. None; or where its plan has no more for this hour, the seconds to wait."""
    organization_id = required_organization_id()
    size = _size(organization_id)
    if size is not None and (wait := allow_rate(NAME, f"{size}/hour", organization_id)) is not None:
        return wait
    _note(organization_id)
    return None


def requests_of(day: date) -> int:
    """As Valkey knows it: none where it was away or began anew."""
    try:
        return int(limits_client().get(_key(required_organization_id(), day)) or 0)
    except redis.RedisError:
        LIMITS_SKIPPED.labels("usage").inc()
        return 0


def _size(organization_id: int) -> int | None:
    key = (key_prefix(), organization_id)
    known = _known.get(key)
    if known is not None and known[0] > time.monotonic():
        return known[1]
    try:
        with transaction.atomic():
            size = current_standing().limit(Limit.API_REQUESTS_PER_HOUR)
    except (OperationalError, InterfaceError):
        return None  # The view asks the database as well, and answers that it is away.
    _known[key] = (time.monotonic() + REMEMBERED_SECONDS, size)
    return size


def _note(organization_id: int) -> None:
    key = _key(organization_id, datetime.now(UTC).date())
    try:
        with limits_client().pipeline(transaction=False) as commands:
            commands.incr(key)
            commands.expire(key, KEPT)
            commands.execute()
    except redis.RedisError:
        LIMITS_SKIPPED.labels("usage").inc()


def _key(organization_id: int, day: date) -> str:
    return f"{key_prefix()}:usage:{organization_id}:{day.isoformat()}"
