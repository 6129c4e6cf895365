"""The Celery application, with the one static schedule of what runs by the clock."""

from __future__ import annotations

import os
import time
from typing import Any

import structlog
from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, task_postrun, task_prerun, worker_init, worker_ready
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glucose_platform.settings")
if not settings.configured:
    # Celery's own command begins here. Where Django was there first, another process only sends tasks.
    os.environ.setdefault("GLUCOSE_PROCESS", "worker")

app = Celery("glucose_platform")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "heartbeat": {"task": "tenancy.worker_heartbeat", "schedule": 30.0, "options": {"expires": 60}},
    # Beside `manage.py evaluate_alarms`, which does the same every second: what it missed is late, and not lost.
    "alarms": {"task": "alerts.evaluate", "schedule": 30.0, "options": {"expires": 60}},
    "audit-seals": {"task": "audit.seal", "schedule": 60.0, "options": {"expires": 120}},
    "audit-looks": {"task": "audit.add_covered_looks", "schedule": 60.0, "options": {"expires": 120}},
    "audit-months": {"task": "audit.keep_months", "schedule": crontab(hour="3", minute="27")},
    "audit-retention": {"task": "audit.remove_expired", "schedule": crontab(hour="3", minute="37")},
    "alarm-deliveries": {"task": "alerts.send_deliveries", "schedule": 5.0, "options": {"expires": 10}},
    "alarm-escalation": {"task": "alerts.escalate", "schedule": 15.0, "options": {"expires": 30}},
    "changes-of-devices": {"task": "devices.tell_changes", "schedule": 5.0, "options": {"expires": 10}},
    "commands": {"task": "devices.sweep_commands", "schedule": 5.0, "options": {"expires": 10}},
    "command-retention": {"task": "devices.remove_old_commands", "schedule": crontab(hour="4", minute="37")},
    "device-months": {"task": "devices.keep_months", "schedule": crontab(hour="3", minute="19")},
    "device-log-retention": {"task": "devices.remove_old_logs", "schedule": crontab(hour="4", minute="47")},
    "ending-device-keys": {"task": "devices.tell_of_ending_keys", "schedule": crontab(hour="*/6", minute="33")},
    "dexcom": {"task": "dexcom.sweep", "schedule": 30.0, "options": {"expires": 60}},
    "dexcom-metrics": {"task": "dexcom.tell", "schedule": 300.0, "options": {"expires": 600}},
    "dexcom-keeping": {"task": "dexcom.keep", "schedule": crontab(minute="13")},
    "dexcom-retention": {"task": "dexcom.remove_expired", "schedule": crontab(hour="3", minute="57")},
    "summaries": {"task": "readings.summarise", "schedule": 30.0, "options": {"expires": 60}},
    "imports": {"task": "readings.sweep_imports", "schedule": 60.0, "options": {"expires": 120}},
    "vital-retention": {"task": "vitals.remove_expired", "schedule": crontab(hour="3", minute="52")},
    "reading-retention": {"task": "readings.remove_expired", "schedule": crontab(hour="3", minute="47")},
    "report-batches": {"task": "reports.resume_batches", "schedule": 120.0, "options": {"expires": 240}},
    "report-retention": {"task": "reports.remove_expired", "schedule": crontab(hour="4", minute="27")},
    "partitions": {"task": "readings.ensure_partitions", "schedule": crontab(hour="3", minute="17")},
    "vital-partitions": {"task": "vitals.ensure_partitions", "schedule": crontab(hour="3", minute="18")},
    "expired-invitations": {"task": "accounts.sweep_invitations", "schedule": crontab(minute="23")},
    "unconfirmed-accounts": {
        "task": "accounts.forget_unconfirmed_accounts",
        "schedule": crontab(hour="4", minute="17"),
    },
    "plans": {"task": "accounts.look_after_plans", "schedule": crontab(hour="0", minute="27")},
    "expired-sign-ins": {"task": "accounts.forget_expired_sign_ins", "schedule": crontab(hour="4", minute="7")},
}


@setup_logging.connect
def keep_our_logging(**kwargs: Any) -> None:
    """Connected, so that Celery leaves the logging as the settings made it."""


@worker_init.connect
def refuse_unsafe_worker(**kwargs: Any) -> None:
    """SystemExit, since Celery logs any other error of a signal's receiver and starts nevertheless."""
    from django.core.exceptions import ImproperlyConfigured

    from tenancy.startup import refuse_to_serve_unsafely

    try:
        refuse_to_serve_unsafely()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error


_begun: dict[str, float] = {}


@task_prerun.connect
def remember_the_begin(task_id: str = "", **kwargs: Any) -> None:
    _begun[task_id] = time.perf_counter()


@task_postrun.connect
def note_span_of_the_task(task_id: str = "", task: Any = None, state: str = "", **kwargs: Any) -> None:
    from tenancy.tracing import note_span

    seconds = time.perf_counter() - _begun.pop(task_id, time.perf_counter())
    told = structlog.contextvars.get_contextvars().get("request_id", task_id)
    note_span(task.name, seconds=seconds, attributes={"state": state or "", "request_id": str(told)})


@worker_ready.connect
def tell_readiness_at_once(**kwargs: Any) -> None:
    """Without waiting for the first beat of the schedule."""
    from tenancy.heartbeat import worker_heartbeat

    worker_heartbeat()
