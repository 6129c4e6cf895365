"""How many alarms, how fast people answered, and how many were false."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, ExtractHour

from alerts.models import Episode, EpisodeEvent, Severity
from alerts.services.acts import Verdict
from readings.models import DaySummary


class Percentile(Aggregate):
    """Interpolated; PostgreSQL's own."""

    template = "percentile_cont(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()

    def __init__(self, expression: object, *, share: float, filter: Q | None = None) -> None:
        super().__init__(expression, share=float(share), filter=filter)


@dataclass(frozen=True, slots=True)
class Statistics:
    """``patient_days``: local days with readings. Shares and times are None where there is nothing to make them of."""

    alarms: int
    open: int
    acknowledged: int
    by_severity: dict[str, int]
    by_rule: dict[str, int]
    median_until_acknowledged: timedelta | None
    p90_until_acknowledged: timedelta | None
    patient_days: int
    reviewed: dict[str, int]

    @property
    def alarms_per_patient_day(self) -> float | None:
        return self.alarms / self.patient_days if self.patient_days else None

    @property
    def false_alarm_share(self) -> float | None:
        """Among those that a review called true or false."""
        false, true = (self.reviewed[verdict] for verdict in (Verdict.FALSE_ALARM, Verdict.TRUE_ALARM))
        return false / (false + true) if false + true else None


def statistics(*, since: datetime, until: datetime) -> Statistics:
    """Of alarms that were opened from ``since`` on, before ``until``, of the patients whom the caller may see."""
    episodes = Episode.objects.confirmed().between(since, until).order_by()
    # From when somebody could know of it: a late one was found after it was measured.
    waited = ExpressionWrapper(
        F("acknowledged_at") - Coalesce("found_at", "confirmed_at"), output_field=DurationField()
    )
    answered = Q(acknowledged_at__isnull=False)
    totals = episodes.annotate(waited=waited).aggregate(
        alarms=Count("id"),
        open=Count("id", filter=Q(state__in=[Episode.State.ACTIVE, Episode.State.EASING])),
        acknowledged=Count("id", filter=answered),
        median=Percentile("waited", share=0.5, filter=answered),
        p90=Percentile("waited", share=0.9, filter=answered),
    )
    by_severity = dict(episodes.values_list("severity").annotate(Count("id")))
    days = DaySummary.objects.filter(starts_at__lt=until, ends_at__gt=since, count__gt=0)
    return Statistics(
        alarms=totals["alarms"],
        open=totals["open"],
        acknowledged=totals["acknowledged"],
        by_severity={severity: by_severity.get(severity, 0) for severity in Severity.values},
        by_rule=dict(episodes.values_list("rule_code").annotate(count=Count("id")).order_by("-count", "rule_code")),
        median_until_acknowledged=totals["median"],
        p90_until_acknowledged=totals["p90"],
        patient_days=days.count(),
        reviewed=_reviewed(episodes),
    )


def alarms_by_hour(*, since: datetime, until: datetime, zone: tzinfo) -> list[int]:
    """24 counts, by the hour of the clock of ``zone`` in which each was opened."""
    episodes = Episode.objects.confirmed().between(since, until).order_by()
    counted = dict(
        episodes.annotate(hour=ExtractHour("opened_at", tzinfo=zone)).values_list("hour").annotate(Count("id"))
    )
    return [counted.get(hour, 0) for hour in range(24)]


def _reviewed(episodes: object) -> dict[str, int]:
    """By the last review of each."""
    reviews = EpisodeEvent.objects.filter(episode_id=OuterRef("pk"), kind=EpisodeEvent.Kind.REVIEWED)
    last = Subquery(reviews.order_by("-id").values("detail__verdict")[:1])
    counts = dict(episodes.annotate(verdict=last).values_list("verdict").annotate(Count("id")))  # type: ignore[attr-defined]
    return {verdict: counts.get(verdict, 0) for verdict in Verdict.values}
