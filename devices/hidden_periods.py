"""Periods in which a device measures a patient whom the caller does not see: that there is one, never whose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Count

from devices.models import Assignment
from patients.beyond import is_limited

ANOTHER_TEAMS = "Another care team's patient"


def devices_in_hidden_periods(device_ids: Sequence[int], since: datetime) -> set[int]:
    """Which of the devices have a period beyond ``since`` that is hidden; none for those who see every patient."""
    if not device_ids or not is_limited():
        return set()
    with connection.cursor() as cursor:
        question = "SELECT device, devices_periods_after(device, %s) FROM unnest(%s::bigint[]) device"
        cursor.execute(question, [since, list(device_ids)])
        periods = dict(cursor.fetchall())
    seen = Assignment.objects.filter(device__in=device_ids).reaching_beyond(since).order_by().values_list("device_id")
    shown = dict(seen.annotate(Count("id")))
    return {device_id for device_id, number in periods.items() if number > shown.get(device_id, 0)}
