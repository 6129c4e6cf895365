from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.plans.catalogue import CHOICES
from accounts.plans.models import BillingRecord, Currency, PaymentMethod, Period, Subscription, UsageDay
from accounts.plans.prices import PERIODS, SOLD
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer

LIMIT: dict[str, Any] = {"allow_null": True, "help_text": "null: no limit"}


class LimitsSerializer(CamelCaseSerializer):
    devices = serializers.IntegerField(**LIMIT)
    members = serializers.IntegerField(**LIMIT)
    patients = serializers.IntegerField(**LIMIT)
    retention_days = serializers.IntegerField(**LIMIT)
    api_requests_per_hour = serializers.IntegerField(**LIMIT)


class PlanSerializer(CamelCaseSerializer):
    code = serializers.ChoiceField(CHOICES)
    name = serializers.CharField()
    limits = LimitsSerializer()
    sold_for = serializers.ListField(
        child=serializers.ChoiceField(PERIODS), help_text="periods that owners can pay for online"
    )


class PlansSerializer(CamelCaseSerializer):
    items = PlanSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class SubscriptionSerializer(CamelCaseSerializer):
    plan = serializers.ChoiceField(CHOICES)
    plan_name = serializers.CharField()
    status = serializers.ChoiceField(Subscription.Status.choices)
    limits = LimitsSerializer(help_text="those that hold at this moment; in a time of grace, the larger ones of before")
    period = serializers.ChoiceField(Period.choices, allow_null=True)
    amount = serializers.DecimalField(
        max_digits=7, decimal_places=2, allow_null=True, coerce_to_string=True, help_text="for each period"
    )
    currency = serializers.ChoiceField(Currency.choices, allow_null=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    trial_ends_at = serializers.DateTimeField(allow_null=True)
    auto_renew = serializers.BooleanField()
    grace_ends_at = serializers.DateTimeField(allow_null=True, help_text="while a time of grace runs")
    adding_is_stopped = serializers.BooleanField(
        help_text="an invoice is overdue and the grace is over: nothing is added, devices go on being heard"
    )
    paid_online = serializers.BooleanField()


class CheckoutSerializer(CamelCaseSerializer):
    plan = serializers.ChoiceField(SOLD)
    period = serializers.ChoiceField(PERIODS, default=Period.MONTHLY.value)


class AddressSerializer(CamelCaseSerializer):
    url = serializers.URLField(help_text="of the payment provider, for the owner's browser")


class UsedSerializer(CamelCaseSerializer):
    limit = serializers.ChoiceField(["devices", "members", "patients"])
    used = serializers.IntegerField()
    allowed = serializers.IntegerField(**LIMIT)


class UsageDaySerializer(CamelCaseModelSerializer):
    class Meta:
        model = UsageDay
        fields = ["day", "devices", "members", "patients", "readings", "api_requests", "storage_bytes", "counted_at"]
        read_only_fields = fields


class PlanUsageSerializer(CamelCaseSerializer):
    now = UsedSerializer(many=True)
    days = UsageDaySerializer(many=True, help_text="the last 31 that were counted, newest first; days of UTC")


class InvoiceSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)
    # Money is text: a number of JSON is a float to most who read it.
    amount = serializers.DecimalField(max_digits=9, decimal_places=2, coerce_to_string=True, read_only=True)
    paid_amount = serializers.DecimalField(
        max_digits=9, decimal_places=2, coerce_to_string=True, read_only=True, allow_null=True
    )

    class Meta:
        model = BillingRecord
        fields: Any = [
            *("id", "number", "amount", "currency", "description", "status", "issued_at", "due_at"),
            *("paid_amount", "paid_at", "method", "transaction_id"),
        ]
        read_only_fields = fields


class PaymentMethodSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)

    class Meta:
        model = PaymentMethod
        fields: Any = ["id", "brand", "last4", "expires_month", "expires_year", "is_default"]
        read_only_fields = fields
