from __future__ import annotations

from celery import shared_task

from alerts.deliveries.tasks import escalate, send_deliveries, send_deliveries_of_clinic
from alerts.evaluation.everywhere import evaluate_all_due, note_oldest_mark
from tenancy.tasks import PlatformTask

__all__ = ["escalate", "evaluate", "send_deliveries", "send_deliveries_of_clinic"]


@shared_task(base=PlatformTask, name="alerts.evaluate", why="each clinic's patients are looked at in its scope")
def evaluate() -> None:
    note_oldest_mark()
    evaluate_all_due()
