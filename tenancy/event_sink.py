"""Events of the log and of the audit ledger, also kept in a DynamoDB table where the operator names one.

Nobody waits for it: what does not fit into the queue, and what AWS does not take, is dropped and counted. The log and
the ledger have it all. Whatever is put here must be scrubbed already.
"""

from __future__ import annotations

import json
import os
import queue
import secrets
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tenancy.told_metrics import ToldCounter, tell

log = structlog.get_logger(__name__)
# As many as DynamoDB takes at once.
BATCH = 25
MOST_WAITING = 10_000
LONGEST_WAIT = 1.0
TRIES = 3
MOST_CHARACTERS = 8_000
DROPPED = ToldCounter("glucose_event_sink_dropped", "Events for DynamoDB that it did not get", ("reason",))
KEPT = ToldCounter("glucose_event_sink", "Events that DynamoDB took")


class EventSink:
    def __init__(self, client: Any, table: str, *, most_waiting: int = MOST_WAITING) -> None:
        self._client = client
        self._table = table
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue(most_waiting)
        self._full = 0
        self._told_failure_at = -3600.0
        self._lock = threading.Lock()
        self._process = 0

    def put(self, *, level: str, message: str, context: Mapping[str, Any], at: datetime | None = None) -> None:
        """Never waits, and never raises."""
        # The end is chance: two events of one instant and level would be one item.
        instant = (
            f"{(at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec='microseconds')}#{secrets.token_hex(4)}"
        )
        try:
            self._queue.put_nowait(
                {
                    "timestamp": {"S": instant},
                    "log_level": {"S": level.upper()},
                    "message": {"S": message[:MOST_CHARACTERS] or "-"},
                    "context": {"S": json.dumps(dict(context), default=str)[:MOST_CHARACTERS]},
                }
            )
        except queue.Full:
            self._full += 1
        # A thread does not survive the fork of a worker.
        if self._process != os.getpid():
            self._start()

    def wait_until_empty(self, seconds: float) -> bool:
        """Before a process ends; False where it took too long."""
        deadline = time.monotonic() + seconds
        while self._queue.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)
        return not self._queue.unfinished_tasks

    def _start(self) -> None:
        with self._lock:
            if self._process != os.getpid():
                self._process = os.getpid()
                threading.Thread(target=self._send_all, name="event-sink", daemon=True).start()

    def _send_all(self) -> None:
        while True:
            items = self._next_items()
            try:
                left = self._send(items)
            except Exception as error:  # noqa: BLE001  whatever AWS or the network says, the thread goes on
                left = len(items)
                self._tell_failure(error)
            full, self._full = self._full, 0
            tell(KEPT.told(by=len(items) - left), DROPPED.told("refused", by=left), DROPPED.told("full", by=full))
            for _ in items:
                self._queue.task_done()

    def _next_items(self) -> list[dict[str, Any]]:
        items = [self._queue.get()]
        deadline = time.monotonic() + LONGEST_WAIT
        while len(items) < BATCH and (wait := deadline - time.monotonic()) > 0:
            try:
                items.append(self._queue.get(timeout=wait))
            except queue.Empty:
                break
        return items

    def _send(self, items: list[dict[str, Any]]) -> int:
        """Returns how many it did not take."""
        asked: list[Any] = [{"PutRequest": {"Item": item}} for item in items]
        for number in range(TRIES):
            answer = self._client.batch_write_item(RequestItems={self._table: asked})
            asked = answer.get("UnprocessedItems", {}).get(self._table, [])
            if not asked:
                break
            # Its capacity comes back by the second.
            time.sleep(0.5 * 2**number)
        return len(asked)

    def _tell_failure(self, error: Exception) -> None:
        """Once a minute: it fails with every batch."""
        if time.monotonic() - self._told_failure_at > 60:
            self._told_failure_at = time.monotonic()
            log.warning("event_sink_failed", kind=type(error).__name__)


@cache
def event_sink() -> EventSink | None:
    """None where EVENTS_DYNAMODB_TABLE is not set."""
    if not settings.EVENTS_DYNAMODB_TABLE:
        return None
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise ImproperlyConfigured(
            "EVENTS_DYNAMODB_TABLE is set, but boto3 is not installed: "
            "pip install 'glucose-platform[aws]', or unset it."
        ) from None
    config = Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 2, "mode": "standard"})
    return EventSink(boto3.client("dynamodb", config=config), settings.EVENTS_DYNAMODB_TABLE)
