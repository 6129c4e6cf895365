"""Evaluators and a sender of an installation, and a receiver on this machine that hears of every alarm."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psycopg

from alerts.tests.receiver import Receiver, running_receiver
from tests.faults.installation import Installation, kill_group, wait_until

CHANNEL = """
from django.db import transaction
from alerts.deliveries.services import create_contact
from alerts.models import Channel, Contact
from tenancy.directory import organization_by_code
from tenancy.managers import audited_elsewhere
from tenancy.scope import organization_scope
import json
with organization_scope(organization_by_code("faults").id), transaction.atomic(), audited_elsewhere("a test"):
    Contact.objects.all().delete()
    settings = json.dumps({"url": "URL", "secret": "correct-horse-battery-staple-0123456789"})
    channel = Channel(kind="webhook", name="Receiver at URL", settings=settings)
    channel.save()
    create_contact(position=0, channel=channel)
"""
ALARMS = """
SELECT patient.code, episode.rule_code, delivery.idempotency_key::text, delivery.state
  FROM alerts_episode episode
  JOIN patients_patient patient
    ON patient.organization_id = episode.organization_id AND patient.id = episode.patient_id
  LEFT JOIN alerts_delivery delivery
    ON delivery.organization_id = episode.organization_id AND delivery.episode_id = episode.id
   AND delivery.reason = 'opened'
 WHERE patient.code = ANY (%s) AND episode.rule_code IN ('urgent_low', 'low')
"""
# As after the minute in which a worker is taken for alive.
EXPIRE = "UPDATE alerts_delivery SET claimed_until = now() WHERE state = 'sending' AND claimed_until > now()"
# And after the wait for the next try.
RETRY = "UPDATE alerts_delivery SET next_attempt_at = now() WHERE state = 'pending' AND next_attempt_at > now()"
BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'alerts_delivery'::regclass"
# A process of Django's takes seconds to start, on a busy machine many.
PATIENCE_SECONDS = 120
# No two tests share a patient: an open episode would keep the next one from opening.
_numbers = count()


@dataclass
class Alarming:
    system: Installation
    receiver: Receiver
    lows: list[str] = field(default_factory=list)
    evaluators: list[subprocess.Popen[bytes]] = field(default_factory=list)
    sender: subprocess.Popen[bytes] | None = None

    def start_evaluator(self) -> None:
        command = (sys.executable, "manage.py", "evaluate_alarms", "--interval", "0.1")
        self.evaluators.append(self.system.start("worker", *command))

    def kill_evaluators(self) -> None:
        while self.evaluators:
            kill_group(self.evaluators.pop())

    def start_sender(self) -> None:
        """A worker that keeps the schedule as well."""
        celery = (sys.executable, "-m", "celery", "--quiet", "--app", "glucose_platform", "worker", "--beat")
        self.sender = self.system.start(
            "worker", *celery, "--concurrency", "1", "--loglevel", "CRITICAL",
            DJANGO_SETTINGS_MODULE="tests.faults.settings",
        )  # fmt: skip

    def kill_sender(self) -> None:
        kill_group(self.sender)

    def post_lows(self, number: int) -> None:
        for _ in range(number):
            low = next(_numbers)
            wait_until(lambda low=low: self.system.post_one(low, 50) == 201)
            self.lows.append(f"user_{low}")

    @contextmanager
    def evaluation_held_up(self) -> Iterator[None]:
        """Whoever evaluates stops in the middle of the transaction, before its first message. Ends with the block,
        or with PostgreSQL."""
        with psycopg.connect(self.system.environment["DATABASE_OWNER_URL"]) as lock, suppress(psycopg.OperationalError):
            lock.execute("LOCK TABLE alerts_delivery IN SHARE MODE")
            yield
            lock.rollback()

    def wait_until_evaluation_is_held_up(self) -> None:
        wait_until(lambda: self.ask(BLOCKED)[0][0] > 0, PATIENCE_SECONDS)

    def wait_until_sending(self) -> None:
        assert self.receiver.arrived.wait(PATIENCE_SECONDS)

    def all_are_told(self) -> bool:
        """Whether the receiver heard of every alarm, and the rows say so. What waits for its time is hurried."""
        with suppress(psycopg.OperationalError):
            self.ask(EXPIRE)
            self.ask(RETRY)
            rows = self.alarms()
            are_sent = all(state == "sent" for *_, state in rows)
            return are_sent and len(rows) >= 2 * len(self.lows) and {row[2] for row in rows} <= self.heard().keys()
        return False

    def wait_until_all_are_told(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.all_are_told():
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(self.lows)} lows, {len(self.alarms())} alarms, {len(self.heard())} heard")
            time.sleep(0.5)

    def alarms(self) -> list[Any]:
        """Patient, rule, and of the first message of each episode the key and the state."""
        return self.ask(ALARMS, [self.lows])

    def heard(self) -> Counter[str]:
        """How often each key came."""
        with self.receiver.lock:
            return Counter(str(one.headers["Idempotency-Key"]) for one in self.receiver.received)

    def ask(self, statement: str, parameters: list[Any] | None = None) -> list[Any]:
        with psycopg.connect(self.system.environment["DATABASE_OWNER_URL"], autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def alarming(system: Installation) -> Iterator[Alarming]:
    with running_receiver() as receiver:
        made = Alarming(system, receiver)
        system.manage("shell", "--no-imports", "--verbosity", "0", standard_input=CHANNEL.replace("URL", receiver.url))
        try:
            yield made
        finally:
            made.kill_evaluators()
            made.kill_sender()
