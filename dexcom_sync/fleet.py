"""How the connections of the clinic in scope stand, all together: for its page, the command and the metrics."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from dexcom_sync.applications import NotOffered, limiter_of, offered_regions
from dexcom_sync.limiter import Usage
from dexcom_sync.models import Connection, QuarantinedRecord, Region

# What Dexcom holds back, by its own word.
DELAY_US, DELAY_ELSEWHERE = timedelta(hours=1), timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Fleet:
    """``ages``: for each region, how far the active connections' data lie behind what there could be, in seconds.
    ``without_data``: active ones that have none yet.
    """

    by_status: Mapping[str, int]
    ages: Mapping[str, Sequence[float]]
    without_data: int


@dataclass(frozen=True, slots=True)
class Budget:
    """``usage`` None: Valkey does not answer. ``stopped``: why no call is made, "" where calls are made."""

    region: str
    usage: Usage | None
    stopped: str = field(default="")


def usual_delay(region: str) -> timedelta:
    return DELAY_US if region == Region.US else DELAY_ELSEWHERE


def staleness(region: str, data_through: datetime, now: datetime) -> timedelta:
    """What is missing beyond the delay that is always there."""
    return max(now - data_through - usual_delay(region), timedelta(0))


def stale_after() -> timedelta:
    """Two looks without anything new."""
    return timedelta(minutes=2 * settings.DEXCOM_POLL_MINUTES)


def is_stale(now: datetime) -> Q:
    """For a filter: connections in use whose newest value is older than it has to be."""
    border = now - stale_after()
    late_us = Q(region=Region.US, data_through__lt=border - DELAY_US)
    late_elsewhere = ~Q(region=Region.US) & Q(data_through__lt=border - DELAY_ELSEWHERE)
    # One that was connected a moment ago has had no time to read.
    never = Q(data_through__isnull=True, authorized_at__lt=border)
    return Q(status__in=Connection.POLLED) & (late_us | late_elsewhere | never)


def fleet() -> Fleet:
    now = timezone.now()
    by_status: Counter[str] = Counter()
    ages: defaultdict[str, list[float]] = defaultdict(list)
    without = 0
    rows: QuerySet[Connection, tuple[str, str, datetime | None]] = Connection.objects.order_by().values_list(
        "status", "region", "data_through"
    )
    for status, region, data_through in rows.iterator(chunk_size=2000):
        by_status[status] += 1
        if status != Connection.Status.ACTIVE:
            continue
        if data_through is None:
            without += 1
        else:
            ages[region].append(staleness(region, data_through, now).total_seconds())
    return Fleet(by_status, ages, without)


def waiting_by_reason() -> list[tuple[str, str, int]]:
    """Of records in quarantine: the resource, the reason, and how many, most first."""
    counted = (
        QuarantinedRecord.objects.waiting()
        .order_by()
        .values_list("resource", "reason")
        .annotate(number=Count("id"))
        .order_by("-number", "resource", "reason")
    )
    return list(counted)


def budgets() -> list[Budget]:
    """Calls of the last hour by region: of the whole platform, which Dexcom counts as one."""
    return [_budget(region) for region in offered_regions()]


def _budget(region: str) -> Budget:
    try:
        limiter = limiter_of(region)
        return Budget(region, limiter.usage(), limiter.stopped_because() or "")
    except (redis.RedisError, NotOffered):
        return Budget(region, None)


def quantile(values: Sequence[float], share: float) -> float:
    """The nearest rank; 0 of nothing."""
    ranked = sorted(values)
    return ranked[max(math.ceil(share * len(ranked)) - 1, 0)] if ranked else 0.0
