"""Groups of patients who share rules, and the clinic's own choice."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.api.naming import named_group, named_patient
from alerts.models import ClinicAlarms, PatientAlarms, RuleGroup
from alerts.presets import VERSION, presets
from alerts.rules.choice import clinic_choice
from alerts.services.choices import choose_for_clinic
from alerts.services.groups import change_group, create_group, delete_group, put_in_group
from audit.services import record_look
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer

# The kind of look that the routes name.
GROUP = "alerts.rulegroup"
PRESET_CODES = [preset.code for preset in presets()]


class GroupSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    patients = serializers.SerializerMethodField(help_text="codes; of those whom the caller may see")

    class Meta:
        model = RuleGroup
        fields = ["id", "name", "preset", "preset_version", "patients"]

    def get_patients(self, group: RuleGroup) -> list[str]:
        return sorted(alarms.patient.code for alarms in self.context["members"] if alarms.group_id == group.pk)


class NewGroupSerializer(CamelCaseSerializer):
    name = serializers.CharField(max_length=100)
    preset = serializers.ChoiceField(PRESET_CODES, allow_blank=True, default="", help_text="empty: the clinic's")


class GroupChangesSerializer(CamelCaseSerializer):
    name = serializers.CharField(max_length=100, required=False)
    preset = serializers.ChoiceField(
        PRESET_CODES, allow_blank=True, required=False, help_text="its newest version; empty: the clinic's"
    )


class GroupPagination(ItemsPagination):
    ordering = ("name", "public_id")


class GroupsView(RoutedView, ListModelMixin, GenericAPIView[RuleGroup]):
    serializer_class = GroupSerializer
    pagination_class = GroupPagination
    queryset = RuleGroup.objects.none()  # for the schema

    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(RuleGroup.objects.all()) or []
        members = members_of(page)
        record_look(kind=GROUP, patient_ids=sorted(alarms.patient_id for alarms in members))
        bodies = GroupSerializer(page, many=True, context={"members": members}).data
        return self.get_paginated_response(bodies)

    @extend_schema(request=NewGroupSerializer, responses={201: GroupSerializer})
    def post(self, request: Request) -> Response:
        form = NewGroupSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        group = create_group(**form.validated_data)
        return Response(GroupSerializer(group, context={"members": []}).data, status=201)


class GroupView(RoutedView, APIView):
    @extend_schema(responses=GroupSerializer)
    def get(self, request: Request, groupId: str) -> Response:
        group = named_group(groupId)
        members = members_of([group])
        record_look(kind=GROUP, object_id=str(group.public_id), patient_ids=[alarms.patient_id for alarms in members])
        return Response(GroupSerializer(group, context={"members": members}).data)

    @extend_schema(request=GroupChangesSerializer, responses=GroupSerializer)
    def patch(self, request: Request, groupId: str) -> Response:
        group, form = named_group(groupId), GroupChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changed = change_group(group=group, **form.validated_data)
        return Response(GroupSerializer(changed, context={"members": members_of([changed])}).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, groupId: str) -> Response:
        """With its rules. Refused while it has patients."""
        delete_group(group=named_group(groupId))
        return Response(status=204)


class GroupMemberView(RoutedView, APIView):
    @extend_schema(request=None, responses={204: None})
    def put(self, request: Request, groupId: str, code: str) -> Response:
        """Into this group, and out of any other."""
        put_in_group(patient=named_patient(code), group=named_group(groupId))
        return Response(status=204)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, groupId: str, code: str) -> Response:
        group, patient = named_group(groupId), named_patient(code)
        if not PatientAlarms.objects.filter(patient_id=patient.pk, group_id=group.pk).exists():
            raise NotFound
        put_in_group(patient=patient, group=None)
        return Response(status=204)


class PresetSerializer(CamelCaseSerializer):
    code = serializers.CharField()
    name = serializers.CharField()


class ChoicesSerializer(CamelCaseSerializer):
    preset = serializers.CharField()
    preset_version = serializers.IntegerField()
    newest_version = serializers.IntegerField(help_text="choose the preset again to take it")
    message_detail = serializers.ChoiceField(ClinicAlarms.Detail.choices)
    presets = PresetSerializer(many=True, help_text="to choose from")


class NewChoicesSerializer(CamelCaseSerializer):
    preset = serializers.ChoiceField(PRESET_CODES, required=False, help_text="in its newest version")
    message_detail = serializers.ChoiceField(
        ClinicAlarms.Detail.choices, required=False, help_text="how much a message tells"
    )


class ChoicesView(RoutedView, APIView):
    @extend_schema(responses=ChoicesSerializer)
    def get(self, request: Request) -> Response:
        return Response(choices_body())

    @extend_schema(request=NewChoicesSerializer, responses=ChoicesSerializer)
    def patch(self, request: Request) -> Response:
        form = NewChoicesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        choose_for_clinic(**form.validated_data)
        return Response(choices_body())


def choices_body() -> dict[str, object]:
    choice, row = clinic_choice(), ClinicAlarms.objects.first()
    shown = {
        "preset": choice.name,
        "preset_version": choice.version,
        "newest_version": VERSION,
        "message_detail": row.message_detail if row else ClinicAlarms.Detail.CODE,
        "presets": presets(),
    }
    return dict(ChoicesSerializer(shown).data)


def members_of(groups: list[RuleGroup]) -> list[PatientAlarms]:
    return list(PatientAlarms.objects.filter(group__in=[group.pk for group in groups]).select_related("patient"))
