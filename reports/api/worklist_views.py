"""Choices of the worklist under a name: the caller's own, and those that the clinic shares."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.principals import signed_in_person
from alerts.api.episodes import acting_member
from reports.api.worklist import REASONS
from reports.models import SavedView
from reports.worklist.choices import SHOWS, SORTS, ZONES, Choices
from reports.worklist.views import change_view, remove_view, save_view
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer

# In an address it is the choice that is made without a word.
CALL = "call"


class WorklistChoicesSerializer(CamelCaseSerializer):
    """As the list's own parameters. What is searched for is not kept: it names patients."""

    show = serializers.ChoiceField([CALL, *filter(None, SHOWS)], required=False)
    assigned_to = serializers.CharField(required=False, max_length=36, help_text="me, nobody, or the id of a person")
    care_team = serializers.CharField(required=False, max_length=36, help_text="me, or the id of a person")
    reason = serializers.ChoiceField(REASONS, required=False)
    zone = serializers.ChoiceField(ZONES, required=False)
    sort = serializers.ChoiceField(list(SORTS), required=False)


class SavedViewSerializer(CamelCaseSerializer):
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    is_shared = serializers.SerializerMethodField(help_text="of the clinic; otherwise the caller's own")
    choices = serializers.SerializerMethodField()
    updated_at = serializers.DateTimeField()

    def get_is_shared(self, view: SavedView) -> bool:
        return view.member_id is None

    def get_choices(self, view: SavedView) -> dict[str, str]:
        return spoken(view.choices)


class NewSavedViewSerializer(CamelCaseSerializer):
    name = serializers.CharField(max_length=80)
    is_shared = serializers.BooleanField(default=False, help_text="for everybody in the clinic")
    choices = WorklistChoicesSerializer()


class SavedViewChangesSerializer(CamelCaseSerializer):
    name = serializers.CharField(max_length=80, required=False)
    choices = WorklistChoicesSerializer(required=False)


class SavedViewsSerializer(CamelCaseSerializer):
    items = SavedViewSerializer(many=True)


class WorklistViewsView(RoutedView, APIView):
    @extend_schema(operation_id="worklist_views_list", responses=SavedViewsSerializer)
    def get(self, request: Request) -> Response:
        """By name; the caller's own and the clinic's."""
        views = SavedView.objects.open_to(signed_in_person(request).membership_id)
        return Response(SavedViewsSerializer({"items": views}).data)

    @extend_schema(request=NewSavedViewSerializer, responses={201: SavedViewSerializer})
    def post(self, request: Request) -> Response:
        form = NewSavedViewSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        view = save_view(member=acting_member(request), choices=kept(said.pop("choices")), **said)
        return Response(SavedViewSerializer(view).data, status=201)


class WorklistViewView(RoutedView, APIView):
    @extend_schema(responses=SavedViewSerializer)
    def get(self, request: Request, viewId: str) -> Response:
        return Response(SavedViewSerializer(named_view(request, viewId)).data)

    @extend_schema(request=SavedViewChangesSerializer, responses=SavedViewSerializer)
    def patch(self, request: Request, viewId: str) -> Response:
        """The name, or the choices: all of them anew."""
        view, form = named_view(request, viewId), SavedViewChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changes = dict(form.validated_data)
        if "choices" in changes:
            changes["choices"] = kept(changes["choices"])
        return Response(
            SavedViewSerializer(change_view(view=view, member=acting_member(request), changes=changes)).data
        )

    @extend_schema(responses={204: None})
    def delete(self, request: Request, viewId: str) -> Response:
        remove_view(view=named_view(request, viewId), member=acting_member(request))
        return Response(status=204)


def named_view(request: Request, view_id: str) -> SavedView:
    """Another member's own view is none of the caller's."""
    views = SavedView.objects.open_to(signed_in_person(request).membership_id)
    view: SavedView = one_or_404(views.filter(public_id=uuid_or_404(view_id)))
    return view


def kept(choices: dict[str, Any]) -> dict[str, str]:
    """As the page's address has them."""
    show = choices.get("show", CALL)
    return Choices.of(
        {
            "show": "" if show == CALL else show,
            "assigned": choices.get("assigned_to", ""),
            "team": choices.get("care_team", ""),
            **{name: choices.get(name, "") for name in ("reason", "zone", "sort")},
        }
    ).kept


def spoken(choices: dict[str, str]) -> dict[str, str]:
    names = {"assigned": "assignedTo", "team": "careTeam"}
    return {names.get(name, name): value for name, value in choices.items()}
