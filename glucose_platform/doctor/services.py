"""Valkey, workers, beat, clocks, mail and the disk."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import redis
from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.utils import timezone

from glucose_platform.doctor.findings import Finding, State
from glucose_platform.figures import queue_depth
from tenancy.heartbeat import last_worker_heartbeat
from tenancy.redis import limits_client

BEAT_SILENCE_SECONDS = 120
MANY_TASKS = 1000
# Sign-in codes, tokens and the age of readings go by the clock.
SKEW_WARNING, SKEW_PROBLEM = 2.0, 30.0
LEAST_DISK = 0.1
NEWEST_BACKUP_HOURS = 26


def look_at_valkey() -> Iterator[Finding]:
    try:
        limits_client().ping()
    except redis.RedisError as error:
        do = "Is it running, and is REDIS_URL right? Embedded: `manage.py services start`."
        yield Finding("Redis or Valkey", "problem", f"REDIS_URL does not answer: {type(error).__name__}.", do)
        return
    yield Finding("Redis or Valkey", "ok", "It answers.")
    depth = queue_depth()
    if depth > MANY_TASKS:
        yield Finding("queue", "warning", f"{depth:,} tasks wait.", "Start more workers.")
    else:
        yield Finding("queue", "ok", f"{depth:,} tasks wait.")


def look_at_workers() -> Iterator[Finding]:
    from glucose_platform.celery import app

    try:
        beat = last_worker_heartbeat()
    except redis.RedisError:
        for part in ("worker", "beat"):
            yield Finding(part, "not looked at", "It is asked by way of Redis, which does not answer.")
        return
    if beat is not None and (timezone.now() - beat).total_seconds() <= BEAT_SILENCE_SECONDS:
        yield Finding("worker", "ok", "One did its last beat's task in time.")
        yield Finding("beat", "ok", "It sends its tasks.")
    elif app.control.ping(timeout=1.0):
        yield Finding("worker", "ok", "One answers.")
        says = "Workers run, and no task of the clock came for two minutes: no alarm escalates, nothing is sealed."
        yield Finding("beat", "problem", says, "Start one, and only one: `celery -A glucose_platform beat`.")
    else:
        do = "Start one: `celery -A glucose_platform worker`."
        yield Finding("worker", "problem", "None answers: alarms are not sent, summaries not computed.", do)
        yield Finding("beat", "not looked at", "Without a worker nothing tells whether it runs.")


def look_at_clocks() -> Iterator[Finding]:
    yield _skew("clock of the database", _database_clock)
    try:
        yield _skew("clock of Redis or Valkey", _valkey_clock)
    except redis.RedisError:
        yield Finding("clock of Redis or Valkey", "not looked at", "It does not answer.")


def _database_clock() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        told: datetime = cursor.fetchone()[0]
    return told.timestamp()


def _valkey_clock() -> float:
    seconds, microseconds = limits_client().time()
    return float(seconds) + float(microseconds) / 1e6


def _skew(part: str, ask: Callable[[], float]) -> Finding:
    begun = time.time()
    told = ask()
    skew = told - (begun + time.time()) / 2
    if abs(skew) < SKEW_WARNING:
        return Finding(part, "ok", f"It is {abs(skew):.2f} s from ours.")
    says = f"It is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's."
    return Finding(part, "problem" if abs(skew) > SKEW_PROBLEM else "warning", says, "Let both follow an NTP server.")


def look_at_mail() -> Iterator[Finding]:
    if not settings.EMAIL_HOST:
        state: State = "problem" if settings.PRODUCTION else "warning"
        says = "EMAIL_HOST is not set: invitations, links for passwords and mails of alarms do not arrive."
        yield Finding("mail", state, says, "Set EMAIL_HOST, EMAIL_HOST_USER and EMAIL_HOST_PASSWORD.")
        return
    try:
        server = get_connection(timeout=5)
        server.open()
        server.close()
    except Exception as error:  # noqa: BLE001  whatever the server or the network does
        do = "Look at EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS, EMAIL_HOST_USER and its password, and at the firewall."
        yield Finding("mail", "problem", f"The mail server does not take us: {type(error).__name__}.", do)
        return
    yield Finding("mail", "ok", "The mail server takes us.")


def look_at_the_disk() -> Iterator[Finding]:
    place = settings.STATE_DIR if settings.STATE_DIR.exists() else settings.BASE_DIR
    usage = shutil.disk_usage(place)
    says = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.0f} GB are free here."
    if usage.free / usage.total < LEAST_DISK:
        yield Finding("disk", "warning", says, "Make room before PostgreSQL, if it is here, has to stop.")
    else:
        yield Finding("disk", "ok", says)


def look_at_backups(directory: Path | None) -> Iterator[Finding]:
    if directory is None:
        yield Finding("backups", "not looked at", "Give their directory: `--backups DIRECTORY`.")
        return
    files = [path for path in directory.rglob("*") if path.is_file()] if directory.is_dir() else []
    if not files:
        yield Finding("backups", "problem", f"There is none in {directory}.", "Run `manage.py backup` every night.")
        return
    hours = (time.time() - max(path.stat().st_mtime for path in files)) / 3600
    if hours > NEWEST_BACKUP_HOURS:
        yield Finding("backups", "problem", f"The newest is {hours:.0f} hours old.", "See why the nightly one fails.")
    else:
        yield Finding("backups", "ok", f"The newest is {hours:.0f} hours old.")
