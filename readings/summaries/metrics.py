"""How long days have been waiting for their summary."""

from __future__ import annotations

from tenancy.waiting import Waiting

WAITING = Waiting(
    "readings:oldest-dirty-day",
    "glucose_summaries_waiting_seconds",
    "How long the oldest day has been waiting for its summary",
)
note_oldest_mark, waiting_seconds = WAITING.note, WAITING.seconds
