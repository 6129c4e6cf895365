"""Prometheus metrics of ingestion and reads."""

from __future__ import annotations

from prometheus_client import Counter

LIMITS_SKIPPED = Counter(
    "glucose_limits_skipped_total", "Times that a limit was not applied because Redis did not answer", ["limit"]
)
