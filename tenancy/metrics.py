"""Prometheus metrics of this process."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Counter("glucose_requests_total", "Requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("glucose_request_seconds", "Time to answer", ["method", "route"])
