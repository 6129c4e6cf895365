from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

OPEN = Gauge("glucose_live_streams", "Streams that are open", ["transport"])
ENDED = Counter("glucose_live_streams_ended_total", "Streams that the platform ended", ["code"])
DELIVERED = Counter("glucose_live_events_total", "Events handed to streams")
READER_FAILED = Counter("glucose_live_reader_failures_total", "Times that reading Valkey or the events' rows failed")
LAG = Histogram(
    "glucose_live_lag_seconds",
    "From the event's entry in Valkey to the queues of those who listen",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)
