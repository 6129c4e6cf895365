from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from patients.models import Patient
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel

# Readings of 40 to 44 mg/dL are in bin 8.
HISTOGRAM_BIN = 5


class DaySummaryQuerySet(TenantQuerySet["DaySummary"]):
    def for_patient(self, patient: Patient) -> DaySummaryQuerySet:
        return self.filter(patient_id=patient.pk)

    def from_day_to(self, first: date, last: date) -> DaySummaryQuerySet:
        """Both days included."""
        return self.filter(day__gte=first, day__lte=last)


class DaySummary(TenantModel):
    """A patient's day from local midnight to local midnight: 23 to 25 hours where the clock changes.

    Canonical readings only. A reading beyond the sensor's range counts in the ranges and in ``below_sensor_range`` or
    ``above_sensor_range``, and with its bound in sums and histogram; it is never ``minimum`` or ``maximum``. A day
    without readings has no row. All glucose in mg/dL.

    ``below_63``, ``pregnancy_range`` and what is left divide the day by the ranges of pregnancy; ``very_low`` is part
    of ``below_63``. Limits are those of the unit a value came in: 7.8 mmol/L, kept as 141 mg/dL, is not above 140.

    ``histogram``: counts by glucose // HISTOGRAM_BIN, from ``histogram_from`` on. ``hour_...``: by hours elapsed since
    ``starts_at``, one item for each hour of the day; null where the hour has none.
    """

    pk = models.CompositePrimaryKey("organization_id", "patient_id", "day")
    patient = TenantForeignKey(Patient, related_name="+")
    day = models.DateField()
    timezone = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    count = models.IntegerField()
    below_sensor_range = models.IntegerField()
    above_sensor_range = models.IntegerField()
    very_low = models.IntegerField(help_text="below 54")
    low = models.IntegerField(help_text="54 to 69")
    in_range = models.IntegerField(help_text="70 to 180")
    high = models.IntegerField(help_text="181 to 250")
    very_high = models.IntegerField(help_text="above 250")
    tight_range = models.IntegerField(default=0, db_default=0, help_text="70 to 140, or 3.9 to 7.8 mmol/L")
    below_63 = models.IntegerField(default=0, db_default=0, help_text="below 63, or 3.5 mmol/L")
    pregnancy_range = models.IntegerField(default=0, db_default=0, help_text="63 to 140, or 3.5 to 7.8 mmol/L")
    interval = models.SmallIntegerField(
        default=5, db_default=5, help_text="minutes from one reading to the next: the median; 5 where there is one"
    )
    total = models.BigIntegerField(help_text="sum")
    squares = models.BigIntegerField(help_text="sum of squares")
    minimum = models.SmallIntegerField(null=True)
    maximum = models.SmallIntegerField(null=True)
    histogram_from = models.SmallIntegerField(help_text="number of the first bin")
    histogram = ArrayField(models.IntegerField())
    hour_counts = ArrayField(models.IntegerField())
    hour_totals = ArrayField(models.BigIntegerField(null=True))
    hour_minima = ArrayField(models.SmallIntegerField(null=True))
    hour_maxima = ArrayField(models.SmallIntegerField(null=True))
    summarised_at = models.DateTimeField()

    objects: ClassVar[Any] = TenantManager.of(DaySummaryQuerySet)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "day summaries"

    def __str__(self) -> str:
        return f"{self.day}: {self.count}"


class DirtyDay(TenantModel):
    """A patient's local day whose summary does not know all of its readings yet.

    Written by the store while it holds the patient's state row, and removed by whoever summarises under the same lock:
    that order is what keeps a mark from being lost between the two.
    """

    pk = models.CompositePrimaryKey("organization_id", "patient_id", "day")
    patient = TenantForeignKey(Patient, related_name="+")
    day = models.DateField()
    marked_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[Any] = TenantManager.of(TenantQuerySet)

    def __str__(self) -> str:
        return str(self.day)
