from __future__ import annotations

import redis
from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dexcom_sync.applications import limiter_of, offered_regions
from dexcom_sync.limiter import Usage
from dexcom_sync.models import Region
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer
from tenancy.refusals import Refusal

WINDOW = 3600


class UsageQuerySerializer(CamelCaseSerializer):
    region = serializers.ChoiceField(Region.choices, required=False, help_text="left out: the platform's first one")


class UsageSerializer(CamelCaseSerializer):
    region = serializers.ChoiceField(Region.choices, allow_null=True, help_text="null: no region is offered")
    used = serializers.IntegerField(help_text="calls to Dexcom, by the whole platform")
    limit = serializers.IntegerField()
    remaining = serializers.IntegerField()
    window = serializers.IntegerField(help_text="seconds that these figures are about")


class NotCounted(Refusal):
    status_code = 503
    wait = 5.0


class UsageView(RoutedView, APIView):
    @extend_schema(parameters=[UsageQuerySerializer], responses=UsageSerializer)
    def get(self, request: Request) -> Response:
        """How many calls to a region were made in the last hour, and how many are left."""
        query = UsageQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        region = _region(query.validated_data.get("region"))
        found = Usage(0, 0, {}) if region is None else _usage(region)
        told = {"region": region, "used": found.used, "limit": found.limit, "remaining": found.remaining}
        return Response(UsageSerializer({**told, "window": WINDOW}).data)


def _region(asked: str | None) -> str | None:
    """None for one that is not offered: no call can be made there."""
    offered = [region.value for region in offered_regions()]
    if asked is not None:
        return asked if asked in offered else None
    usual = settings.DEXCOM_ENVIRONMENT
    return usual if usual in offered else next(iter(offered), None)


def _usage(region: str) -> Usage:
    try:
        return limiter_of(region).usage()
    except redis.RedisError:
        raise NotCounted("The calls cannot be counted at the moment. Please try again.") from None
