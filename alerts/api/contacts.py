"""Who is told of alarms, at which level, for the clinic or a group; and what that comes to for a patient."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.api.configuration import QuietHoursSerializer
from alerts.api.naming import GivenChannelField, GivenGroupField, GivenMemberField, named_group
from alerts.api.serializers import PersonSerializer
from alerts.deliveries.reach import who_is_told
from alerts.deliveries.services import change_contact, create_contact, remove_contact
from alerts.models import Channel, Contact, Severity
from alerts.models.delivery import LAST_LEVEL
from alerts.services.configuration import USUAL_QUIET_HOURS
from audit.services import record_look
from readings.api.people import patient_of
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer

# The kind of look that the routes name.
CONTACT = "alerts.contact"
LEVEL_HELP = "0 is told at once, 1, 2 and 3 after 5, 15 and 30 minutes in which nobody acknowledged"


class ContactChannelSerializer(CamelCaseSerializer):
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    kind = serializers.ChoiceField(Channel.Kind.choices)
    state = serializers.ChoiceField(Channel.Health.choices, source="health")


class ContactSerializer(CamelCaseModelSerializer):
    """A member alone is mailed; a channel alone goes where its settings say; both: the channel, to that member."""

    id = serializers.UUIDField(source="public_id")
    level = serializers.IntegerField(source="position", help_text=LEVEL_HELP)
    member = PersonSerializer(allow_null=True)
    channel = ContactChannelSerializer(allow_null=True)
    group = serializers.UUIDField(source="group.public_id", allow_null=True, help_text="null: of the clinic")
    minimum_severity = serializers.ChoiceField(Severity.choices, help_text="told of no lesser alarms")

    class Meta:
        model = Contact
        fields = ["id", "level", "member", "channel", "group", "minimum_severity"]


class NewContactSerializer(CamelCaseSerializer):
    level = serializers.IntegerField(min_value=0, max_value=LAST_LEVEL, help_text=LEVEL_HELP)
    member = GivenMemberField(required=False)
    channel = GivenChannelField(required=False)
    group = GivenGroupField(required=False, help_text="for its patients, in the place of the clinic's at this level")
    minimum_severity = serializers.ChoiceField(Severity.choices, default=Severity.LOW)


class ContactChangesSerializer(CamelCaseSerializer):
    level = serializers.IntegerField(min_value=0, max_value=LAST_LEVEL, required=False, help_text=LEVEL_HELP)
    minimum_severity = serializers.ChoiceField(Severity.choices, required=False)


class ContactsQuerySerializer(CamelCaseSerializer):
    group = serializers.CharField(required=False, max_length=36, help_text="id; left out: the clinic's and all groups'")


class ContactPagination(ItemsPagination):
    ordering = ("position", "public_id")


class ContactsView(RoutedView, ListModelMixin, GenericAPIView[Contact]):
    serializer_class = ContactSerializer
    pagination_class = ContactPagination
    queryset = Contact.objects.none()  # for the schema

    @extend_schema(parameters=[ContactsQuerySerializer])
    def get(self, request: Request) -> Response:
        """By level. Where a level has none who can be reached, the owners and admins are mailed, at level 0 the care
        team too.
        """
        contacts = Contact.objects.select_related("member", "channel", "group")
        if group := request.query_params.get("group"):
            contacts = contacts.for_group(named_group(group).pk)
        page = self.paginate_queryset(contacts) or []
        return self.get_paginated_response(ContactSerializer(page, many=True).data)

    @extend_schema(request=NewContactSerializer, responses={201: ContactSerializer})
    def post(self, request: Request) -> Response:
        form = NewContactSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        return Response(_body(create_contact(position=said.pop("level"), **said)), status=201)


class ContactView(RoutedView, APIView):
    @extend_schema(responses=ContactSerializer)
    def get(self, request: Request, contactId: str) -> Response:
        return Response(_body(named_contact(contactId)))

    @extend_schema(request=ContactChangesSerializer, responses=ContactSerializer)
    def patch(self, request: Request, contactId: str) -> Response:
        """The level or the severity. Who is told is changed by another contact."""
        contact, form = named_contact(contactId), ContactChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changes = {"position" if name == "level" else name: value for name, value in form.validated_data.items()}
        change_contact(contact=contact, changes=changes)
        return Response(_body(named_contact(contactId)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, contactId: str) -> Response:
        remove_contact(contact=named_contact(contactId))
        return Response(status=204)


class ToldSerializer(CamelCaseSerializer):
    member = PersonSerializer(allow_null=True)
    channel = ContactChannelSerializer(allow_null=True)
    minimum_severity = serializers.ChoiceField(Severity.choices)


class LevelSerializer(CamelCaseSerializer):
    level = serializers.IntegerField()
    after_minutes = serializers.IntegerField(help_text="of a high or critical alarm that nobody acknowledges")
    named_by = serializers.ChoiceField(
        ["group", "clinic", "nobody"], help_text="nobody: those who answer for the clinic and the care team"
    )
    told = ToldSerializer(many=True)


class PatientContactsSerializer(CamelCaseSerializer):
    levels = LevelSerializer(many=True)
    group = serializers.UUIDField(allow_null=True)
    enable_notifications = serializers.BooleanField(help_text="false: messages about critical alarms only")
    quiet_hours = QuietHoursSerializer()
    timezone = serializers.CharField(help_text="of the patient's clock")


class PatientContactsView(RoutedView, APIView):
    @extend_schema(responses=PatientContactsSerializer)
    def get(self, request: Request, userId: str) -> Response:
        """Who would be told of an alarm of this patient, at which level, and when messages keep quiet."""
        patient = patient_of(request, userId)
        record_look(kind=CONTACT, object_id=patient.code, patient_id=patient.pk)
        found = who_is_told(patient)
        start, end = found.quiet_hours or USUAL_QUIET_HOURS
        shown = {
            "levels": found.levels,
            "group": found.group,
            "enable_notifications": found.notifies,
            "quiet_hours": {
                "enabled": found.quiet_hours is not None,
                "start": start,
                "end": end,
                "allow_critical": True,
            },
            "timezone": str(patient.zone),
        }
        return Response(PatientContactsSerializer(shown).data)


def named_contact(contact_id: str) -> Contact:
    found: Any = Contact.objects.select_related("member", "channel", "group")
    contact: Contact = one_or_404(found.filter(public_id=uuid_or_404(contact_id)))
    return contact


def _body(contact: Contact) -> dict[str, Any]:
    return dict(ContactSerializer(contact).data)
