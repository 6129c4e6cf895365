"""The process answers: nothing else is looked at, by the data plane as by Django where that serves alone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import request as rest_framework
from rest_framework.response import Response
from rest_framework.views import APIView

from edge.answers import Answer
from edge.instants import spoken
from edge.requests import Request
from tenancy.api.queries import refuse_repeated
from tenancy.api.routing import RoutedView

ALLOW = "GET, HEAD, OPTIONS"
# Django answers it, and finds in the request's scope what it cannot know: whether the data plane reaches its database.
READINESS = "/readyz"
HAS_DATABASE = "glucose.edge_has_database"


async def get_health(request: Request, principal: Any) -> Answer:
    refuse_repeated(request.query.items())
    return Answer(_body(), headers={"Allow": ALLOW})


def _body() -> dict[str, str]:
    return {
        "status": "OK",
        "timestamp": spoken(timezone.now()),
        "service": "Glucose Platform",
        "version": settings.VERSION,
    }


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class HealthView(RoutedView, APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT, operation_id="health")
    def get(self, request: rest_framework.Request) -> Response:
        """Answers as long as the process does; it looks at nothing else."""
        return Response(_body())


@extend_schema(exclude=True)
class RootHealthView(HealthView):
    pass
