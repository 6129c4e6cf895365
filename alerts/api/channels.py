"""Ways by which a clinic is told of alarms. What goes in as a secret does not come out again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Membership
from accounts.principals import signed_in_person
from alerts.api.naming import GivenMemberField, named_channel
from alerts.deliveries.channels import KINDS
from alerts.deliveries.services import change_channel, create_channel, remove_channel
from alerts.deliveries.setup import SettingsRefused
from alerts.deliveries.shown import shown_settings
from alerts.deliveries.trying import try_channel
from alerts.models import Channel, Delivery
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer, InstantField

LONGEST_SETTING = 8_000
SETTINGS_HELP = "by name, as /alert-channel-kinds declares them; secrets are sealed and never told again"


class KindSettingSerializer(CamelCaseSerializer):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    pattern = serializers.CharField(help_text="a regular expression for the whole value")
    advice = serializers.CharField(help_text="what to give instead of a value that is refused")
    is_secret = serializers.BooleanField()
    may_be_left_out = serializers.BooleanField(help_text="then the channel tells members whom contacts name")


class ChannelKindSerializer(CamelCaseSerializer):
    kind = serializers.ChoiceField(Channel.Kind.choices)
    name = serializers.CharField()
    settings = KindSettingSerializer(many=True)


class SettingSerializer(CamelCaseSerializer):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    is_secret = serializers.BooleanField()
    is_set = serializers.BooleanField()
    value = serializers.CharField(allow_null=True, help_text="null for secrets")
    hint = serializers.CharField(allow_null=True, help_text="of a secret: its last four characters, or its host")


class ChannelSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    kind = serializers.ChoiceField(Channel.Kind.choices)
    state = serializers.ChoiceField(
        Channel.Health.choices, source="health", help_text="dead: it failed three times in a row or more"
    )
    settings = serializers.SerializerMethodField()
    failing_since = InstantField(allow_null=True)
    last_sent_at = InstantField(allow_null=True, help_text="when a message came through last, tests among them")

    class Meta:
        model = Channel
        fields = [
            *("id", "kind", "name", "is_on", "state", "settings"),
            *("failures", "failing_since", "last_result", "last_sent_at"),
        ]

    @extend_schema_field(SettingSerializer(many=True))
    def get_settings(self, channel: Channel) -> list[dict[str, Any]]:
        return list(SettingSerializer(shown_settings(channel), many=True).data)


class SettingsField(serializers.DictField):
    def __init__(self, **options: Any) -> None:
        child = serializers.CharField(max_length=LONGEST_SETTING, allow_blank=True, trim_whitespace=True)
        super().__init__(child=child, help_text=SETTINGS_HELP, **options)


class NewChannelSerializer(CamelCaseSerializer):
    kind = serializers.ChoiceField(Channel.Kind.choices)
    name = serializers.CharField(max_length=100)
    settings = SettingsField()


class ChannelChangesSerializer(CamelCaseSerializer):
    name = serializers.CharField(max_length=100, required=False)
    is_on = serializers.BooleanField(required=False)
    settings = SettingsField(required=False)


class ChannelTestSerializer(CamelCaseSerializer):
    member = GivenMemberField(required=False, help_text="who gets it, where the channel tells members; else the caller")


class ChannelTestResultSerializer(CamelCaseSerializer):
    was_taken = serializers.BooleanField(help_text="whether the other side took the message")
    result = serializers.CharField(help_text="in words")
    state = serializers.ChoiceField(Channel.Health.choices, help_text="of the channel, after it")


class ChannelPagination(ItemsPagination):
    ordering = ("name", "public_id")


class ChannelKindsView(RoutedView, APIView):
    @extend_schema(responses=ChannelKindSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The kinds of channels, and what each needs to be set up."""
        return Response(ChannelKindSerializer([_kind_body(kind) for kind in KINDS.values()], many=True).data)


class ChannelsView(RoutedView, ListModelMixin, GenericAPIView[Channel]):
    serializer_class = ChannelSerializer
    pagination_class = ChannelPagination
    queryset = Channel.objects.none()  # for the schema

    def get(self, request: Request) -> Response:
        """By name. A channel in state dead reaches nobody: the clinic's owners are mailed in its place."""
        page = self.paginate_queryset(Channel.objects.standing()) or []
        return self.get_paginated_response(ChannelSerializer(page, many=True).data)

    @extend_schema(request=NewChannelSerializer, responses={201: ChannelSerializer})
    def post(self, request: Request) -> Response:
        """Nobody is told by it before a contact names it."""
        form = NewChannelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        with _problems_by_setting():
            channel = create_channel(**form.validated_data)
        return Response(_body(channel), status=201)


class ChannelView(RoutedView, APIView):
    @extend_schema(responses=ChannelSerializer)
    def get(self, request: Request, channelId: str) -> Response:
        return Response(_body(named_channel(channelId)))

    @extend_schema(request=ChannelChangesSerializer, responses=ChannelSerializer)
    def patch(self, request: Request, channelId: str) -> Response:
        """What is not said stays, of the settings too. An empty setting is taken out."""
        channel, form = named_channel(channelId), ChannelChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        with _problems_by_setting():
            changed = change_channel(channel=channel, changes=dict(form.validated_data))
        return Response(_body(changed))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, channelId: str) -> Response:
        """With its settings; what was sent by it stays. Refused while contacts are told by it."""
        remove_channel(channel=named_channel(channelId))
        return Response(status=204)


# Not atomic as a whole: the partner may take ten seconds to answer.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class ChannelTestView(RoutedView, APIView):
    @extend_schema(request=ChannelTestSerializer, responses=ChannelTestResultSerializer)
    def post(self, request: Request, channelId: str) -> Response:
        """Send a message that concerns no patient, now, and tell what came of it. Limited to some in a quarter hour."""
        person, form = signed_in_person(request), ChannelTestSerializer(data=request.data)
        with transaction.atomic():
            channel = named_channel(channelId)
            form.is_valid(raise_exception=True)
            asked_by = Membership.objects.filter(pk=person.membership_id).first()
        delivery = try_channel(channel=channel, member=form.validated_data.get("member"), asked_by=asked_by)
        with transaction.atomic():
            channel.refresh_from_db()
        told = {
            "was_taken": delivery.state == Delivery.State.SENT,
            "result": delivery.result or "A worker is sending it at this moment: look at the deliveries.",
            "state": channel.health,
        }
        return Response(ChannelTestResultSerializer(told).data)


@contextmanager
def _problems_by_setting() -> Iterator[None]:
    try:
        yield
    except SettingsRefused as refused:
        raise ValidationError({"settings": refused.problems}) from None


def _kind_body(kind: Any) -> dict[str, Any]:
    return {
        "kind": kind.kind,
        "name": Channel.Kind(kind.kind).label,
        "settings": [
            {
                **{name: getattr(need, name) for name in ("name", "label", "pattern", "advice", "is_secret")},
                "may_be_left_out": need.name == kind.address_need,
            }
            for need in kind.needs
        ],
    }


def _body(channel: Channel) -> dict[str, Any]:
    return dict(ChannelSerializer(channel).data)
