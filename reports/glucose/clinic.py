"""The clinic in figures, from summaries of days: what of it depends on readings costs the same for few and for many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from django.db import connection

from analytics.centre import gmi_of_mean
from tenancy.scope import required_organization_id

# Each patient by the limits of their goals. The spread is that of each patient's day: of all readings together it
# would say how different patients are.
_DAYS = """
SELECT summary.day, count(*), sum(summary.count), sum(summary.total)::bigint,
       sum(summary.count * least(summary.interval, 15)), sum(very_low),
       sum(CASE WHEN is_pregnant THEN below_63 ELSE very_low + low END),
       sum(CASE WHEN is_pregnant THEN pregnancy_range ELSE in_range END),
       sum(CASE WHEN is_pregnant THEN 0 ELSE very_high END), sum(tight_range),
       count(cv), COALESCE(sum(cv), 0)::float8
  FROM readings_daysummary summary
  JOIN patients_patient patient
    ON patient.organization_id = summary.organization_id AND patient.id = summary.patient_id
   AND patient.archived_at IS NULL
 CROSS JOIN LATERAL (SELECT patient.glucose_goals LIKE 'pregnancy%%' AS is_pregnant) goals
 CROSS JOIN LATERAL (
       SELECT CASE WHEN summary.count > 1 AND summary.total > 0
                   THEN 100 * sqrt((summary.count::float8 * summary.squares - summary.total::float8 * summary.total)
                                   / (summary.count::float8 * (summary.count - 1))) * summary.count / summary.total
                   END AS cv) spread
 WHERE summary.organization_id = %(organization_id)s AND summary.day BETWEEN %(first)s AND %(last)s
   AND summary.count > 0
 GROUP BY summary.day ORDER BY summary.day
"""


@dataclass(frozen=True, slots=True)
class Sums:
    """Of the patients whom the caller sees. ``below``: by each patient's goals, as ``in_range``; ``cvs``: of that many
    patients' days, summed."""

    patient_days: int = 0
    readings: int = 0
    total: int = 0
    minutes: int = 0
    very_low: int = 0
    below: int = 0
    in_range: int = 0
    very_high: int = 0
    tight: int = 0
    days_with_cv: int = 0
    cvs: float = 0.0

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Sums)))

    def percent(self, name: str) -> float | None:
        return 100 * float(getattr(self, name)) / self.readings if self.readings else None

    @property
    def mean(self) -> float | None:
        return self.total / self.readings if self.readings else None

    @property
    def gmi(self) -> float | None:
        return None if self.mean is None else gmi_of_mean(self.mean)

    @property
    def cv(self) -> float | None:
        return self.cvs / self.days_with_cv if self.days_with_cv else None

    @property
    def above(self) -> int:
        return self.readings - self.below - self.in_range

    @property
    def active_percent(self) -> float | None:
        """Of the days on which the sensor was worn at all."""
        return min(100.0, 100 * self.minutes / (1440 * self.patient_days)) if self.patient_days else None


def sums_of_days(first: date, last: date) -> dict[date, Sums]:
    """Of the organization in scope, both days included, by each patient's own calendar. Archived patients are not."""
    asked: dict[str, int | date] = {"organization_id": required_organization_id(), "first": first, "last": last}
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, asked)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return {row[0]: Sums(*row[1:]) for row in rows}


def together(sums: Iterable[Sums]) -> Sums:
    return sum(sums, start=Sums())
