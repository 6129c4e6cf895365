"""What people note of themselves beside measurements: scores, activities and goals."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from patients.models import Patient
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel
from vitals.catalogue import TYPES, Metric, MetricType


class HealthScoreQuerySet(TenantQuerySet["HealthScore"]):
    def for_patient(self, patient: Patient) -> HealthScoreQuerySet:
        return self.filter(patient_id=patient.pk)

    def from_day_to(self, first: date, last: date) -> HealthScoreQuerySet:
        """Both days included."""
        return self.filter(day__gte=first, day__lte=last)


class HealthScore(TenantModel):
    """A score that somebody typed in. What the platform reckons itself is kept nowhere (``scores/daily.py``)."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = TenantForeignKey(Patient, related_name="+")
    day = models.DateField()
    overall_score = models.FloatField(help_text="0 to 100")
    category_scores = models.JSONField(default=dict, blank=True, help_text="0 to 100 by the name of the category")
    metrics_considered = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    notes = models.CharField(max_length=500, blank=True)
    calculated_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(HealthScoreQuerySet)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="vitals_healthscore_public_id"),
            models.CheckConstraint(
                condition=models.Q(overall_score__gte=0, overall_score__lte=100), name="vitals_healthscore_bounds"
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient", "day"], name="vitals_healthscore_patient")]

    def __str__(self) -> str:
        return f"{self.day}: {self.overall_score:g}"


class ActivityKind(models.TextChoices):
    RUNNING = "running"
    WALKING = "walking"
    CYCLING = "cycling"
    SWIMMING = "swimming"
    WEIGHT_TRAINING = "weight_training"
    CIRCUIT_TRAINING = "circuit_training"
    YOGA = "yoga"
    PILATES = "pilates"
    HIKING = "hiking"
    DANCING = "dancing"
    MARTIAL_ARTS = "martial_arts"
    BOXING = "boxing"
    CROSSFIT = "crossfit"
    ELLIPTICAL = "elliptical"
    ROWING = "rowing"
    STAIR_CLIMBER = "stair_climber"
    JUMP_ROPE = "jump_rope"
    FUNCTIONAL_STRENGTH = "functional_strength"
    OTHER = "other"


class ActivityQuerySet(TenantQuerySet["Activity"]):
    def for_patient(self, patient: Patient) -> ActivityQuerySet:
        return self.filter(patient_id=patient.pk)


class Activity(TenantModel):
    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = TenantForeignKey(Patient, related_name="+")
    kind = models.CharField(max_length=20, choices=ActivityKind.choices)
    name = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=1000, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    duration_seconds = models.IntegerField(null=True, blank=True)
    distance_meters = models.FloatField(null=True, blank=True)
    elevation_gain = models.FloatField(null=True, blank=True)
    elevation_loss = models.FloatField(null=True, blank=True)
    heart_rate_avg = models.FloatField(null=True, blank=True)
    heart_rate_max = models.FloatField(null=True, blank=True)
    calories_burned = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(ActivityQuerySet)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "activities"
        constraints = [models.UniqueConstraint(fields=["organization", "public_id"], name="vitals_activity_public_id")]
        indexes = [models.Index(fields=["organization", "patient", "started_at"], name="vitals_activity_patient")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.kind}"

    @property
    def seconds(self) -> float:
        """As it was said, or from its start to its end."""
        if self.duration_seconds is not None:
            return self.duration_seconds
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else 0.0


class Direction(models.TextChoices):
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class GoalQuerySet(TenantQuerySet["Goal"]):
    def for_patient(self, patient: Patient) -> GoalQuerySet:
        return self.filter(patient_id=patient.pk)


class Goal(TenantModel):
    """How far it is reached follows from the measurements and is kept nowhere."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = TenantForeignKey(Patient, related_name="+")
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True)
    metric = models.SmallIntegerField(choices=Metric.choices)
    direction = models.CharField(max_length=10, choices=Direction.choices, default=Direction.AT_LEAST)
    target_value = models.FloatField(help_text="in the canonical unit of the kind")
    unit = models.CharField(max_length=20, help_text="the unit that it came in")
    start_date = models.DateField()
    target_date = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(GoalQuerySet)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "public_id"], name="vitals_goal_public_id")]
        indexes = [models.Index(fields=["organization", "patient", "start_date"], name="vitals_goal_patient")]

    def __str__(self) -> str:
        return self.name

    @property
    def type(self) -> MetricType:
        return TYPES[Metric(self.metric)]
