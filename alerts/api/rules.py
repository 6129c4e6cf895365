"""Rules: those that stand, and where each comes from; and the rows that a clinic made of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.api.naming import GivenGroupField, GivenPatientField, clinic_unit, named_group, named_patient, words_of
from alerts.models import PatientRule, Rule, Severity
from alerts.rules import Level, StandingRule, rules_below, standing_for_clinic, standing_for_group, standing_for_patient
from alerts.rules.standing import Standing, values_of
from alerts.services.rules import USUAL, AnyRule, change_rule, create_rule, reset_rule
from audit.services import record_look
from patients.models import Patient
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField
from tenancy.models import CODE_VALIDATOR

# The kind of look that the routes name.
RULE = "alerts.rule"
A_DAY = 1440
MOST_ON_A_PAGE = ItemsPagination.max_page_size


@extend_schema_field(OpenApiTypes.OBJECT)
class ConditionField(serializers.Field[Any, Any, Any, Any]):
    """Read by the engine, whose sentences say where and why one is malformed."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class RuleSerializer(CamelCaseSerializer):
    """A rule as it stands. ``id``, ``changedAt``: of the clinic's own row; null where a preset says it."""

    id = serializers.UUIDField(source="row.public_id", default=None, allow_null=True)
    level = serializers.ChoiceField([level.value for level in Level], help_text="where it comes from")
    group = serializers.UUIDField(source="row.group.public_id", default=None, allow_null=True)
    patient = serializers.CharField(source="row.patient.code", default=None, allow_null=True)
    code = serializers.CharField()
    name = serializers.CharField()
    severity = serializers.ChoiceField(Severity.choices)
    condition = ConditionField()
    condition_in_words = serializers.SerializerMethodField(help_text="in the clinic's unit")
    confirm_minutes = serializers.IntegerField()
    close_minutes = serializers.IntegerField()
    margin = serializers.IntegerField(help_text="mg/dL")
    repeat_minutes = serializers.IntegerField(allow_null=True)
    is_on = serializers.BooleanField()
    can_be_switched_off = serializers.BooleanField()
    changed_at = InstantField(source="row.changed_at", default=None, allow_null=True)

    def get_condition_in_words(self, rule: StandingRule) -> str | None:
        return words_of(rule.condition, self.context["unit"])


class RuleChangesSerializer(CamelCaseSerializer):
    name = serializers.CharField(max_length=150, required=False)
    severity = serializers.ChoiceField(Severity.choices, required=False)
    condition = ConditionField(required=False)
    confirm_minutes = serializers.IntegerField(min_value=0, max_value=A_DAY, required=False)
    close_minutes = serializers.IntegerField(min_value=0, max_value=A_DAY, required=False)
    margin = serializers.IntegerField(min_value=0, max_value=50, required=False, help_text="mg/dL")
    repeat_minutes = serializers.IntegerField(min_value=1, max_value=A_DAY, required=False, allow_null=True)
    is_on = serializers.BooleanField(required=False)


class NewRuleSerializer(RuleChangesSerializer):
    """What is not said is as it stands below: in the group, in the clinic, or in the preset."""

    code = serializers.CharField(max_length=50, validators=[CODE_VALIDATOR])
    group = GivenGroupField(required=False, allow_null=True, help_text="id; for the patients of this group")
    patient = GivenPatientField(required=False, allow_null=True, help_text="code; for this patient alone")


class RuleQuerySerializer(CamelCaseSerializer):
    level = serializers.ChoiceField(
        [level.value for level in Level], required=False, help_text="only what comes from there"
    )
    group = serializers.CharField(required=False, help_text="id; the rules of this group's patients")
    patient = serializers.CharField(required=False, help_text="code; the rules of this patient")
    code = serializers.CharField(required=False, help_text="exactly this rule's code")
    limit = serializers.IntegerField(
        min_value=1, max_value=ItemsPagination.max_page_size, default=ItemsPagination.page_size
    )
    cursor = serializers.CharField(required=False, help_text="the `next` of the page before")


class RulePageSerializer(CamelCaseSerializer):
    items = RuleSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class RulePagination(ItemsPagination):
    ordering = "public_id"


class RulesView(RoutedView, APIView):
    @extend_schema(operation_id="alert_rules_list", parameters=[RuleQuerySerializer], responses=RulePageSerializer)
    def get(self, request: Request) -> Response:
        """The rules that stand: for the clinic, or for the group or patient that is named.

        With the level group or patient, and nobody named: all rules that the clinic made there.
        """
        query = RuleQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        level, code = asked.get("level"), asked.get("code")
        if level in (Level.GROUP, Level.PATIENT) and not asked.get("group") and not asked.get("patient"):
            return self._made_at(level, code)
        patient = named_patient(asked["patient"]) if asked.get("patient") else None
        record_look(kind=RULE, patient_ids=[] if patient is None else [patient.pk])
        found = _standing(asked, patient)
        after = asked.get("cursor", "")
        if after and after not in found:
            raise NotFound(ItemsPagination.invalid_cursor_message)
        codes = [one for one in sorted(found) if one > after and code in (None, one)]
        rules = [found[one] for one in codes if level in (None, found[one].level)]
        page = rules[: asked["limit"]]
        return Response({"items": rule_bodies(page), "next": page[-1].code if len(page) < len(rules) else None})

    def _made_at(self, level: str, code: str | None) -> Response:
        rows = PatientRule.objects.select_related("patient") if level == Level.PATIENT else _rules_of_groups()
        paginator = RulePagination()
        page = paginator.paginate_queryset(rows if code is None else rows.filter(code=code), self.request, self) or []
        record_look(kind=RULE, patient_ids=sorted({row.patient_id for row in page if isinstance(row, PatientRule)}))
        return paginator.get_paginated_response(rule_bodies([StandingRule.of_row(row, None) for row in page]))

    @extend_schema(request=NewRuleSerializer, responses={201: RuleSerializer})
    def post(self, request: Request) -> Response:
        """Instead of the rule of this code that stands below, or one of the clinic's own."""
        form = NewRuleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        names = {"group": said.pop("group", None), "patient": said.pop("patient", None)}
        rule = create_rule(code=said.pop("code"), said=said, **names)
        return Response(rule_body(rule), status=201)


class RuleView(RoutedView, APIView):
    """A rule that the clinic made; what a preset says is changed by making one of the same code."""

    @extend_schema(responses=RuleSerializer)
    def get(self, request: Request, ruleId: str) -> Response:
        rule = named_rule(ruleId)
        patient_id = rule.patient_id if isinstance(rule, PatientRule) else None
        record_look(kind=RULE, object_id=str(rule.public_id), patient_id=patient_id)
        return Response(rule_body(rule))

    @extend_schema(request=RuleChangesSerializer, responses=RuleSerializer)
    def put(self, request: Request, ruleId: str) -> Response:
        """What is not said is again as it stands below."""
        rule = named_rule(ruleId)
        return self._changed(rule, {**below(rule), **self._said()})

    @extend_schema(request=RuleChangesSerializer, responses=RuleSerializer)
    def patch(self, request: Request, ruleId: str) -> Response:
        """What is not said stays."""
        return self._changed(named_rule(ruleId), self._said())

    @extend_schema(responses={204: None})
    def delete(self, request: Request, ruleId: str) -> Response:
        """Back to what stands below: the group's rule, the clinic's or the preset's."""
        reset_rule(rule=named_rule(ruleId))
        return Response(status=204)

    def _said(self) -> dict[str, Any]:
        form = RuleChangesSerializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def _changed(self, rule: AnyRule, changes: dict[str, Any]) -> Response:
        return Response(rule_body(change_rule(rule=rule, changes=changes)))


def _standing(asked: dict[str, Any], patient: Patient | None) -> Standing:
    if patient is not None:
        return standing_for_patient(patient)
    return standing_for_group(named_group(asked["group"])) if asked.get("group") else standing_for_clinic()


def _rules_of_groups() -> Any:
    return Rule.objects.filter(group_id__isnull=False).select_related("group")


def named_rule(rule_id: str) -> AnyRule:
    public_id = uuid_or_404(rule_id)
    rule: AnyRule | None = Rule.objects.select_related("group").filter(public_id=public_id).first()
    return rule or one_or_404(PatientRule.objects.select_related("patient").filter(public_id=public_id))


def below(rule: AnyRule) -> dict[str, Any]:
    place = {"patient": rule.patient} if isinstance(rule, PatientRule) else {"group": rule.group}
    standing = rules_below(**place)
    return values_of(standing[rule.code]) if rule.code in standing else dict(USUAL)


def rule_body(rule: AnyRule) -> dict[str, Any]:
    return rule_bodies([StandingRule.of_row(rule, None)])[0]


def rule_bodies(rules: Iterable[StandingRule]) -> list[dict[str, Any]]:
    return [dict(body) for body in RuleSerializer(list(rules), many=True, context={"unit": clinic_unit()}).data]
