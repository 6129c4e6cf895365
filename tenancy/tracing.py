"""Spans of requests and tasks for an OpenTelemetry collector, where OTEL_EXPORTER_OTLP_ENDPOINT names one.

They are made after the fact from what metrics know, too: routes and names of tasks, never paths, queries or values. The
libraries that instrument by themselves would tell addresses and statements.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_tracer: Any = None


def begin(service: str) -> None:
    global _tracer
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ImproperlyConfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: "
            "pip install 'glucose-platform[tracing]', or unset it."
        ) from None
    # Not what the process would tell of itself: its command line names hosts.
    resource = Resource({"service.name": f"glucose-{service}", "service.version": settings.VERSION})
    provider = TracerProvider(resource=resource, shutdown_on_exit=True)
    exporter = OTLPSpanExporter(f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = provider.get_tracer("glucose_platform")


def note_span(name: str, *, seconds: float, attributes: Mapping[str, Any], parent: str = "") -> None:
    """One that has just ended. ``parent``: the header ``traceparent`` of a request."""
    if _tracer is None:
        return
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    ended = time.time_ns()
    context = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
    span = _tracer.start_span(name, context=context, start_time=ended - int(seconds * 1e9), attributes=dict(attributes))
    span.end(ended)
