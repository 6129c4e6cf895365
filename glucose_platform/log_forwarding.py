"""Lines of the log that also go to the event sink."""

from __future__ import annotations

import json
import logging

from tenancy.event_sink import event_sink

# What they say about sending would be sent.
_OWN = ("tenancy.event_sink", "boto", "urllib3", "s3transfer", "sentry_sdk", "opentelemetry")


class ToEventSink(logging.Handler):
    """Its formatter is the log's own, with JSON: what that hides is hidden here as well."""

    def emit(self, record: logging.LogRecord) -> None:
        sink = event_sink()
        if sink is None or record.name.startswith(_OWN):
            return
        said = json.loads(self.format(record))
        for name in ("timestamp", "level"):
            said.pop(name, None)
        sink.put(level=record.levelname, message=str(said.pop("event", "")), context=said)
