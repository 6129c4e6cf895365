"""How many readings a clinic keeps, from the summaries of its days: for what it uses of its plan."""

from __future__ import annotations

from datetime import date

from django.db.models import Sum

from readings.models import DaySummary


def readings_kept(day: date | None) -> int:
    """Of patients' days with this date; None: of all."""
    days = DaySummary.objects.all() if day is None else DaySummary.objects.filter(day=day)
    return int(days.aggregate(total=Sum("count"))["total"] or 0)
