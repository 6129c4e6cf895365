"""How long answers are kept as they came, and requests of consents at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dexcom_sync.models import ConnectRequest, RawPage

CHUNK = 500
# A request is good for ten minutes; a day later nobody asks any more why one was refused.
REQUESTS_FOR = timedelta(days=1)


def remove_expired() -> int:
    """Of the clinic in scope; returns how many raw pages went. In small transactions, so call it outside of one."""
    now = timezone.now()
    pages = _remove_all(RawPage.objects.filter(fetched_at__lt=now - timedelta(days=settings.DEXCOM_RAW_DAYS)))
    _remove_all(ConnectRequest.objects.filter(expires_at__lt=now - REQUESTS_FOR))
    return pages


def _remove_all(expired: Any) -> int:
    total = 0
    while removed := _remove(expired):
        total += removed
    return total


@transaction.atomic
def _remove(expired: Any) -> int:
    ids = list(expired.order_by("id").values_list("id", flat=True)[:CHUNK])
    if not ids:
        return 0
    # Without the bodies, which nobody needs to read in order to remove them.
    count, _ = expired.model.objects.filter(pk__in=ids).only("pk", "organization_id").delete()
    return int(count)
