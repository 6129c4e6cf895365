"""What paths, queries and bodies name, and what answers say in the clinic's own unit."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.models import Membership
from alerts.engine.conditions import ConditionError, in_words, read_condition
from alerts.models import Channel, RuleGroup
from patients.models import Patient
from readings.people import find_patient
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.models import Organization
from tenancy.scope import required_organization_id


def named_patient(code: str) -> Patient:
    patient: Patient = one_or_404(Patient.objects.with_code(code))
    return patient


def named_group(group_id: str) -> RuleGroup:
    group: RuleGroup = one_or_404(RuleGroup.objects.filter(public_id=uuid_or_404(group_id)))
    return group


def named_channel(channel_id: str) -> Channel:
    channel: Channel = one_or_404(Channel.objects.standing().filter(public_id=uuid_or_404(channel_id)))
    return channel


@extend_schema_field(OpenApiTypes.STR)
class GivenPatientField(serializers.Field[Any, Any, Any, Any]):
    """In a body: what it names wrongly is a mistake of the body."""

    def to_internal_value(self, data: Any) -> Patient:
        patient = find_patient(data) if isinstance(data, str) else None
        if patient is None:
            raise ValidationError("There is no patient with this code.", code="unknown")
        return patient


class GivenGroupField(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> Any:
        group = RuleGroup.objects.filter(public_id=super().to_internal_value(data)).first()
        if group is None:
            raise ValidationError("There is no group with this id.", code="unknown")
        return group


class GivenMemberField(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> Any:
        member = Membership.objects.active().of_person(super().to_internal_value(data)).first()
        if member is None:
            raise ValidationError("There is no member with this id.", code="unknown")
        return member


class GivenChannelField(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> Any:
        channel = Channel.objects.standing().filter(public_id=super().to_internal_value(data)).first()
        if channel is None:
            raise ValidationError("There is no channel with this id.", code="unknown")
        return channel


def clinic_unit() -> str:
    unit: str = Organization.objects.values_list("glucose_unit", flat=True).get(pk=required_organization_id())
    return unit


def words_of(condition: Any, unit: str) -> str | None:
    """None where the condition is of a kind that this version does not know any more."""
    try:
        return in_words(read_condition(condition), unit)
    except ConditionError:
        return None
