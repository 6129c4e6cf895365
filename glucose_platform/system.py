"""What a load balancer, an operator and a newcomer ask the process itself."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import prometheus_client
import redis
from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from edge.health import HAS_DATABASE
from glucose_platform import figures
from glucose_platform.process_figures import process_figures
from tenancy.api.routing import PUBLIC, Route, RoutedView
from tenancy.heartbeat import last_worker_heartbeat

LOOPBACK = frozenset({"127.0.0.1", "::1"})
WORKER_SILENCE_SECONDS = 120
PARTITION_HEADROOM_DAYS = 14


# Mixin of views that answer without a transaction: they also work while the database is away. A docstring here would
# describe each of them in the OpenAPI document.
class ProcessView(RoutedView):
    @method_decorator(transaction.non_atomic_requests)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response


@extend_schema(exclude=True)
class RootView(ProcessView, APIView):
    def get(self, request: Request) -> Response | HttpResponseRedirect:
        if "text/html" in request.headers.get("Accept", ""):
            return HttpResponseRedirect("/admin/")
        return Response(
            {
                "message": "Glucose Platform",
                "version": settings.VERSION,
                "endpoints": {"health": "/health", "docs": "/docs", "redoc": "/redoc", "api": "/api/v1"},
            }
        )


@extend_schema(exclude=True)
class LivenessView(ProcessView, APIView):
    def get(self, request: Request) -> Response:
        return Response({"status": "OK"})


@extend_schema(exclude=True)
class ReadinessView(ProcessView, APIView):
    """503 with the parts that fail; the database comes first, since the others cannot be asked without it."""

    def get(self, request: Request) -> Response:
        # Without a data plane beside it, as under WSGI, there is nothing to tell of one.
        scope = getattr(request._request, "scope", {})
        failing = failing_parts(data_plane_has_database=scope.get(HAS_DATABASE, True))
        body = {"status": "failing" if failing else "OK", "failing": failing}
        return Response(body, status=503 if failing else 200)


class VersionView(ProcessView, APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT, operation_id="version")
    def get(self, request: Request) -> Response:
        return Response({"version": settings.VERSION, "apiVersion": settings.API_VERSION})


@extend_schema(exclude=True)
class MetricsView(ProcessView, APIView):
    """Prometheus text: from loopback, or with the scrape token."""

    def get(self, request: Request) -> HttpResponse:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = settings.METRICS_TOKEN
        by_token = bool(token) and secrets.compare_digest(sent.encode(), token.encode())
        if not by_token and not _from_loopback(request):
            return Response({"detail": "Metrics are served on loopback, or with the scrape token."}, status=403)
        text = prometheus_client.generate_latest() + prometheus_client.generate_latest(figures.REGISTRY)
        return HttpResponse(text, content_type=prometheus_client.CONTENT_TYPE_LATEST)


class SystemMetricsView(ProcessView, APIView):
    @extend_schema(
        operation_id="system_metrics",
        responses=inline_serializer(
            "SystemMetrics",
            {
                "uptime": serializers.IntegerField(help_text="seconds since the process started"),
                "memory_usage": serializers.FloatField(help_text="megabytes that it holds"),
                "cpu_usage": serializers.FloatField(help_text="percent of a core, on average since then"),
                "active_connections": serializers.IntegerField(help_text="to the database, in use now"),
                "requests_per_minute": serializers.IntegerField(help_text="requests of the last sixty seconds"),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """Of the process that answers; all processes together are seen by a Prometheus (docs/operate.md)."""
        return Response(process_figures())


@cache
def _document() -> dict[str, Any]:
    """Anybody may ask for it, and making it takes as long as fifty other answers."""
    with translation.override(settings.LANGUAGE_CODE):
        document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


class MadeOnce(SchemaGenerator):
    def get_schema(self, request: Request | None = None, public: bool = False) -> dict[str, Any]:
        return _document()


class SchemaView(ProcessView, SpectacularAPIView):
    """The OpenAPI document."""

    generator_class = MadeOnce


class SwaggerView(ProcessView, SpectacularSwaggerSplitView):
    """The OpenAPI document to read and try, without an inline script."""


# It styles itself with inline sheets and searches in a worker made from a blob; no script may be inline here either.
@method_decorator(csp_update({"style-src": [UNSAFE_INLINE], "worker-src": ["blob:"]}), name="dispatch")
class RedocView(ProcessView, SpectacularRedocView):
    """The OpenAPI document to read."""


def failing_parts(*, data_plane_has_database: bool) -> list[str]:
    try:
        connection.ensure_connection()
        failing = [] if migrated() else ["migrations"]
        if _months_end() < timezone.now() + timedelta(days=PARTITION_HEADROOM_DAYS):
            failing.append("partitions")
    except DatabaseError:
        return ["database"]
    if not data_plane_has_database:
        failing.append("data plane")
    try:
        beat = last_worker_heartbeat()
        if beat is None or (timezone.now() - beat).total_seconds() > WORKER_SILENCE_SECONDS:
            failing.append("worker")
    except redis.RedisError:
        failing += ["redis", "worker"]
    return failing


def _months_end() -> datetime:
    return min(covered_until() for covered_until in figures.COVERED_UNTIL.values())


def migrated() -> bool:
    return set(_newest_migrations()) <= set(MigrationRecorder(connection).applied_migrations())


@cache
def _newest_migrations() -> list[tuple[str, str]]:
    """Of each app; read from the files once, since a probe asks every few seconds."""
    leaves: list[tuple[str, str]] = MigrationLoader(None).graph.leaf_nodes()
    return leaves


def _from_loopback(request: HttpRequest | Request) -> bool:
    """Never behind a proxy on this machine: everybody's requests come from loopback there."""
    forwarded = settings.TRUST_PROXY or "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not forwarded


ROUTES = [
    Route("", RootView, "root", {"GET": PUBLIC}),
    Route("livez", LivenessView, "livez", {"GET": PUBLIC}),
    Route("readyz", ReadinessView, "readyz", {"GET": PUBLIC}),
    Route("metrics", MetricsView, "metrics", {"GET": PUBLIC}),
    Route("api/v1/system/version", VersionView, "version", {"GET": PUBLIC}),
    Route(
        "api/v1/system/metrics",
        SystemMetricsView,
        "system-metrics",
        {"GET": "devices.view_device"},
        unaudited="figures of the process",
    ),
    Route("api/v1/schema", SchemaView, "schema", {"GET": PUBLIC}),
    Route("docs", SwaggerView, "docs", {"GET": PUBLIC}),
    Route("redoc", RedocView, "redoc", {"GET": PUBLIC}),
]
