"""The clinic's plan: what it allows, what is used of it, what is paid for it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.plans.api.serializers import (
    AddressSerializer,
    CheckoutSerializer,
    InvoiceSerializer,
    PaymentMethodSerializer,
    PlansSerializer,
    PlanUsageSerializer,
    SubscriptionSerializer,
)
from accounts.plans.buying import cancel, portal_address, start_checkout
from accounts.plans.catalogue import COUNTED, PLANS, Limit, Plan
from accounts.plans.models import BillingRecord, PaymentMethod, UsageDay
from accounts.plans.prices import prices
from accounts.plans.providers import chosen
from accounts.plans.standing import current_standing
from accounts.plans.usage import in_use
from accounts.principals import signed_in_person
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView

DAYS_SHOWN = 31


def limits_of(plan: Plan) -> dict[str, int | None]:
    return {limit.value: plan.limit(limit) for limit in Limit}


class PlansView(RoutedView, APIView):
    @extend_schema(responses=PlansSerializer)
    def get(self, request: Request) -> Response:
        """All plans. What a plan costs is told by the payment provider, before anything is paid."""
        sold = prices(settings.STRIPE_PRICES) if chosen().sells_online else {}
        items = [
            {
                "code": plan.code,
                "name": plan.name,
                "limits": limits_of(plan),
                "sold_for": [period for code, period in sold if code == plan.code],
            }
            for plan in PLANS.values()
        ]
        return Response(PlansSerializer({"items": items, "next": None}).data)


class SubscriptionView(RoutedView, APIView):
    @extend_schema(responses=SubscriptionSerializer)
    def get(self, request: Request) -> Response:
        return Response(subscription_answer())


class CheckoutView(RoutedView, APIView):
    @extend_schema(request=CheckoutSerializer, responses={201: AddressSerializer})
    def post(self, request: Request) -> Response:
        """Begin to pay for a plan. It holds as soon as the provider tells that it was paid. 409: not sold online."""
        form = CheckoutSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        url = start_checkout(**form.validated_data, email=signed_in_person(request).email)
        return Response(AddressSerializer({"url": url}).data, status=201)


class PortalView(RoutedView, APIView):
    @extend_schema(request=None, responses={201: AddressSerializer})
    def post(self, request: Request) -> Response:
        """Where cards are changed and invoices fetched. 409: there is no such place."""
        return Response(AddressSerializer({"url": portal_address()}).data, status=201)


class CancelView(RoutedView, APIView):
    @extend_schema(request=None, responses=SubscriptionSerializer)
    def post(self, request: Request) -> Response:
        """End the subscription with the period that is paid. No data are removed by it, and devices go on."""
        cancel()
        return Response(subscription_answer())


class UsageView(RoutedView, APIView):
    @extend_schema(responses=PlanUsageSerializer)
    def get(self, request: Request) -> Response:
        standing, used = current_standing(), in_use()
        now = [{"limit": limit.value, "used": used.of(limit), "allowed": standing.limit(limit)} for limit in COUNTED]
        days = UsageDay.objects.order_by("-day")[:DAYS_SHOWN]
        return Response(PlanUsageSerializer({"now": now, "days": days}).data)


class NewestFirst(ItemsPagination):
    ordering = ("-issued_at", "-id")


class InvoiceViewSet(RoutedView, GenericViewSet[BillingRecord]):
    serializer_class = InvoiceSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> Any:
        return BillingRecord.objects.all()

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(InvoiceSerializer(page, many=True).data)


class PaymentMethodViewSet(RoutedView, GenericViewSet[PaymentMethod]):
    serializer_class = PaymentMethodSerializer
    pagination_class = ItemsPagination

    def get_queryset(self) -> Any:
        return PaymentMethod.objects.all()

    def list(self, request: Request) -> Response:
        """Cards as their owner knows them: brand, last four digits, expiry."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(PaymentMethodSerializer(page, many=True).data)


def subscription_answer() -> dict[str, Any]:
    standing = current_standing()
    kept = standing.subscription
    told = {
        "plan": kept.plan if kept else standing.plan.code,
        "plan_name": PLANS[kept.plan].name if kept else standing.plan.name,
        "status": standing.status,
        "limits": limits_of(standing.plan),
        "auto_renew": kept.auto_renew if kept else True,
        "grace_ends_at": standing.grace_ends_at,
        "adding_is_stopped": standing.is_stopped,
        "paid_online": chosen().sells_online,
    }
    for name in ("period", "amount", "currency", "starts_at", "ends_at", "trial_ends_at"):
        told[name] = getattr(kept, name) if kept else None
    answer: dict[str, Any] = SubscriptionSerializer(told).data
    return answer
