"""Where Stripe posts what has happened. The signature is the credential."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.plans.providers.interface import NotOnline
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer

HEADER = OpenApiParameter("Stripe-Signature", str, OpenApiParameter.HEADER, description="as Stripe sends it")


class ReceivedSerializer(CamelCaseSerializer):
    received = serializers.BooleanField()


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class StripeWebhookView(RoutedView, APIView):
    @extend_schema(parameters=[HEADER], request={"application/json": OpenApiTypes.OBJECT}, responses=ReceivedSerializer)
    def post(self, request: Request) -> Response:
        """For Stripe alone; 409 where this installation takes no payments by it. An event counts once."""
        if not settings.STRIPE_SECRET_KEY:
            raise NotOnline("This installation takes no payments by Stripe.")
        from accounts.plans.providers.stripe_events import Forged, receive

        try:
            receive(request._request.body, request.headers.get("Stripe-Signature", ""))
        except Forged as refusal:
            raise ParseError(str(refusal)) from None
        return Response({"received": True})
