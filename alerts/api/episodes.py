"""Alarms, and what people do about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from accounts.models import Membership
from accounts.principals import PersonPrincipal, signed_in_person
from alerts.api.filters import EpisodeFilters
from alerts.api.naming import clinic_unit
from alerts.api.serializers import (
    AcknowledgementSerializer,
    AssignmentToSerializer,
    CommentSerializer,
    EpisodeSerializer,
    EpisodeWithEventsSerializer,
    NewSnoozeSerializer,
    ResolutionSerializer,
    ReviewSerializer,
)
from alerts.models import Episode, EpisodeEvent, EpisodeQuerySet, Snooze
from alerts.services import acts
from audit.services import record_look
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView

# The kind of look that the routes name.
EPISODE = "alerts.episode"
# What the staff say to each other is not part of a patient's own view.
AMONG_STAFF = {EpisodeEvent.Kind.COMMENTED, EpisodeEvent.Kind.ASSIGNED, EpisodeEvent.Kind.REVIEWED}


class EpisodePagination(ItemsPagination):
    ordering = ("-opened_at", "public_id")


class EpisodeViewSet(RoutedView, GenericViewSet[Episode]):
    # For the OpenAPI document, which is written without anybody who asks.
    queryset = Episode.objects.none()
    serializer_class = EpisodeSerializer
    filterset_class = EpisodeFilters
    pagination_class = EpisodePagination

    def get_queryset(self) -> EpisodeQuerySet:
        episodes: EpisodeQuerySet = Episode.objects.select_related("patient", "acknowledged_by", "assigned_to")
        return episodes

    def list(self, request: Request) -> Response:
        """Newest first. Limited staff see those of their patients, a patient's login its own."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        record_look(kind=EPISODE, patient_ids=sorted({episode.patient_id for episode in page}))
        context = context_for(signed_in_person(request), page)
        return self.get_paginated_response(EpisodeSerializer(page, many=True, context=context).data)

    @extend_schema(responses=EpisodeWithEventsSerializer)
    def retrieve(self, request: Request, alertId: str) -> Response:
        """With every step, by a rule or by a person."""
        episode = self.named(alertId)
        record_look(kind=EPISODE, object_id=str(episode.public_id), patient_id=episode.patient_id)
        return self._answer(episode)

    @extend_schema(request=AcknowledgementSerializer, responses=EpisodeWithEventsSerializer)
    def acknowledge(self, request: Request, alertId: str) -> Response:
        """For everybody: escalation ends, the alarm goes on until readings end it. The first one counts."""
        return self._act(acts.acknowledge, AcknowledgementSerializer)

    @extend_schema(request=NewSnoozeSerializer, responses=EpisodeWithEventsSerializer)
    def snooze(self, request: Request, alertId: str) -> Response:
        """For the caller alone, and for a time that ends."""
        return self._act(acts.snooze, NewSnoozeSerializer)

    @extend_schema(request=ResolutionSerializer, responses=EpisodeWithEventsSerializer)
    def resolve(self, request: Request, alertId: str) -> Response:
        """End it by hand; a critical one only when its last value is not in alarm any more."""
        return self._act(acts.resolve, ResolutionSerializer)

    @extend_schema(request=CommentSerializer, responses=EpisodeWithEventsSerializer)
    def comment(self, request: Request, alertId: str) -> Response:
        return self._act(acts.comment, CommentSerializer)

    @extend_schema(request=AssignmentToSerializer, responses=EpisodeWithEventsSerializer)
    def assign(self, request: Request, alertId: str) -> Response:
        """Say who looks after it: somebody who may see the patient and act."""
        episode, form = self.named(alertId), AssignmentToSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        member = acting_member(request)
        return self._answer(acts.assign(episode=episode, member=member, to=form.validated_data["member"]))

    @extend_schema(request=ReviewSerializer, responses=EpisodeWithEventsSerializer)
    def review(self, request: Request, alertId: str) -> Response:
        """Whether it was a true alarm, for the statistics. The last review counts."""
        return self._act(acts.review, ReviewSerializer)

    def named(self, alert_id: str) -> Episode:
        return one_or_404(self.get_queryset().filter(public_id=uuid_or_404(alert_id)))

    def _act(self, act: Callable[..., Episode], form_class: type[Serializer[Any]]) -> Response:
        episode = self.named(self.kwargs["alertId"])
        form = form_class(data=self.request.data)
        form.is_valid(raise_exception=True)
        return self._answer(act(episode=episode, member=acting_member(self.request), **form.validated_data))

    def _answer(self, episode: Episode) -> Response:
        person = signed_in_person(self.request)
        events = episode.events.all()
        if not person.is_staff:
            events = events.exclude(kind__in=AMONG_STAFF)
        context = {**context_for(person, [episode]), "events": events}
        return Response(EpisodeWithEventsSerializer(episode, context=context).data)


def acting_member(request: Request) -> Membership:
    member: Membership = one_or_404(Membership.objects.filter(pk=signed_in_person(request).membership_id))
    return member


def context_for(person: PersonPrincipal, episodes: Sequence[Episode]) -> dict[str, Any]:
    snoozes = Snooze.objects.filter(
        episode__in=[episode.pk for episode in episodes], member_id=person.membership_id, until__gt=timezone.now()
    )
    return {
        "unit": clinic_unit(),
        "snoozes": dict(snoozes.values_list("episode_id", "until")),
    }
