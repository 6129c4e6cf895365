"""What was sent about alarms, to whom, and what came of it."""

from __future__ import annotations

from django_filters.filters import UUIDFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from alerts.api.contacts import ContactChannelSerializer
from alerts.api.serializers import PersonSerializer
from alerts.deliveries.services import send_again
from alerts.deliveries.tasks import send_deliveries_of_clinic
from alerts.models import Delivery, DeliveryQuerySet
from audit.services import record_look
from patients.models import Patient
from tenancy.api.filters import FilterSet, InstantFilter, OneOfFilter, SearchFilter
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, InstantField
from tenancy.tasks import send_task_after_commit

# The kind of look that the routes name.
DELIVERY = "alerts.delivery"


class DeliverySerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id", help_text="also its idempotency key")
    alert = serializers.UUIDField(source="episode.public_id", allow_null=True, help_text="null: a test")
    patient = serializers.CharField(source="patient.code", allow_null=True)
    member = PersonSerializer(allow_null=True)
    channel = ContactChannelSerializer(allow_null=True, help_text="null: e-mail to the member")
    reason = serializers.ChoiceField(Delivery.Reason.choices)
    state = serializers.ChoiceField(Delivery.State.choices)
    attempts = serializers.IntegerField(help_text="tries so far, of 8")
    result = serializers.CharField(help_text="of the last try, in words")
    next_attempt_at = InstantField(allow_null=True)
    can_be_sent_again = serializers.BooleanField()

    class Meta:
        model = Delivery
        fields = [
            *("id", "alert", "patient", "member", "channel", "reason", "level", "state"),
            *("attempts", "result", "created_at", "sent_at", "next_attempt_at", "can_be_sent_again"),
        ]


class DeliveryWithTextSerializer(DeliverySerializer):
    class Meta(DeliverySerializer.Meta):
        fields = [*DeliverySerializer.Meta.fields, "text"]
        extra_kwargs = {"text": {"help_text": "as it was handed over last; empty before the first try"}}


class DeliveryFilters(FilterSet):
    state = OneOfFilter(Delivery.State.choices, help_text="failed: refused for good; given_up: after 8 tries")
    channel = UUIDFilter(field_name="channel__public_id", help_text="id of a channel")  # type: ignore[no-untyped-call]
    alert = UUIDFilter(field_name="episode__public_id", help_text="id of an alarm")  # type: ignore[no-untyped-call]
    patient = SearchFilter(help_text="exactly this patient's code")
    since = InstantFilter(help_text="decided at this time or later; an offset is required")
    until = InstantFilter(help_text="decided before this time; an offset is required")

    class Meta:
        model = Delivery
        fields: list[str] = []

    def filter_queryset(self, queryset: DeliveryQuerySet) -> DeliveryQuerySet:
        chosen = self.form.cleaned_data
        found = queryset
        if chosen["state"]:
            found = found.filter(state=chosen["state"])
        if chosen["channel"]:
            found = found.filter(channel__public_id=chosen["channel"])
        if chosen["alert"]:
            found = found.filter(episode__public_id=chosen["alert"])
        if chosen["patient"]:
            found = found.filter(patient__in=Patient.objects.with_code(chosen["patient"]))
        return found.between(chosen["since"], chosen["until"])


class DeliveryPagination(ItemsPagination):
    ordering = ("-created_at", "idempotency_key")


class DeliveryViewSet(RoutedView, GenericViewSet[Delivery]):
    # For the OpenAPI document, which is written without anybody who asks.
    queryset = Delivery.objects.none()
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilters
    pagination_class = DeliveryPagination

    def get_queryset(self) -> DeliveryQuerySet:
        found: DeliveryQuerySet = Delivery.objects.select_related("episode", "patient", "member", "channel")
        return found

    def list(self, request: Request) -> Response:
        """Newest first, of the patients whom the caller may see; tests are for those who see all of the clinic."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        patients = sorted({row.patient_id for row in page if row.patient_id is not None})
        record_look(kind=DELIVERY, patient_ids=patients)
        return self.get_paginated_response(DeliverySerializer(page, many=True).data)

    @extend_schema(responses=DeliveryWithTextSerializer)
    def retrieve(self, request: Request, deliveryId: str) -> Response:
        """With the text as it was handed over."""
        delivery = self._named(deliveryId)
        record_look(kind=DELIVERY, object_id=deliveryId, patient_id=delivery.patient_id)
        return Response(DeliveryWithTextSerializer(delivery).data)

    @extend_schema(request=None, responses=DeliverySerializer)
    def retry(self, request: Request, deliveryId: str) -> Response:
        """Send a message again that was refused or given up: from the first try on, with the same key."""
        send_again(delivery=self._named(deliveryId))
        send_task_after_commit(send_deliveries_of_clinic)
        return Response(DeliverySerializer(self._named(deliveryId)).data)

    def _named(self, delivery_id: str) -> Delivery:
        return one_or_404(self.get_queryset().filter(idempotency_key=uuid_or_404(delivery_id)))
