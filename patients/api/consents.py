"""What a patient agreed to, and what was withdrawn."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.principals import signed_in_person
from audit.services import record_look
from patients.api.care_team import named_patient
from patients.consents import record_consent, withdraw_consent
from patients.models import Consent, ConsentQuerySet
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer, InstantField

# The kind of look that the routes name.
CONSENT = "patients.consent"


class ConsentSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Consent
        fields = ["id", "kind", "version", "note", "given_at", "withdrawn_at", "recorded_by", "created_at"]


class NewConsentSerializer(CamelCaseModelSerializer):
    given_at = InstantField(required=False, help_text="now, where it is not given")

    class Meta:
        model = Consent
        fields = ["kind", "version", "note", "given_at"]


class WithdrawalSerializer(CamelCaseSerializer):
    withdrawn_at = InstantField()


class ConsentPagination(ItemsPagination):
    ordering = ("-given_at", "public_id")


class ConsentsView(RoutedView, ListModelMixin, GenericAPIView[Consent]):
    serializer_class = ConsentSerializer
    pagination_class = ConsentPagination
    queryset = Consent.objects.none()  # for the schema, which knows no patient

    def get_queryset(self) -> ConsentQuerySet:
        patient = named_patient(self.kwargs["code"])
        record_look(kind=CONSENT, object_id=patient.code, patient_id=patient.pk)
        consents: ConsentQuerySet = Consent.objects.filter(patient=patient)
        return consents

    def get(self, request: Request, code: str) -> Response:
        return self.list(request)

    @extend_schema(request=NewConsentSerializer, responses={201: ConsentSerializer})
    def post(self, request: Request, code: str) -> Response:
        """Write down what the patient agreed to. At most one consent of a kind is in force."""
        patient = named_patient(code)
        form = NewConsentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = record_consent(patient=patient, recorded_by=signed_in_person(request).name, **form.validated_data)
        return Response(ConsentSerializer(made).data, status=201)


class ConsentView(RoutedView, APIView):
    @extend_schema(request=WithdrawalSerializer, responses=ConsentSerializer)
    def patch(self, request: Request, code: str, consentId: str) -> Response:
        """Withdraw it. Nothing else of a consent changes."""
        consents = Consent.objects.filter(patient=named_patient(code))
        consent: Consent = one_or_404(consents.filter(public_id=uuid_or_404(consentId)))
        form = WithdrawalSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(ConsentSerializer(withdraw_consent(consent=consent, **form.validated_data)).data)
