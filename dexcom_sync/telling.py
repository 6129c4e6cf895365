"""What the metrics say of all clinics' connections: counts and ages, of no clinic and no patient."""

from __future__ import annotations

from collections import Counter, defaultdict

from django.db import transaction

from dexcom_sync import metrics
from dexcom_sync.fleet import Fleet, fleet, quantile
from dexcom_sync.models import Connection, QuarantinedRecord
from tenancy.tasks import in_each_organization

QUANTILES = {"0.5": 0.5, "0.95": 0.95}


def tell_of_all() -> None:
    by_status: Counter[str] = Counter()
    ages: defaultdict[str, list[float]] = defaultdict(list)
    depth = 0
    for found, waiting in in_each_organization(_of_clinic, failed="dexcom_not_counted"):
        by_status.update(found.by_status)
        depth += waiting
        for region, seconds in found.ages.items():
            ages[region].extend(seconds)
    # Also of states that nobody is in: what was told before is not true any more.
    for status in Connection.Status.values:
        metrics.tell("connections", by_status[status], status)
    for region, seconds in ages.items():
        for name, share in QUANTILES.items():
            metrics.tell("staleness", quantile(seconds, share), region, name)
    metrics.tell("quarantine_depth", depth)


@transaction.atomic
def _of_clinic() -> tuple[Fleet, int]:
    return fleet(), QuarantinedRecord.objects.waiting().count()
