"""Help for tests of the outbox. The fixtures stand in ``conftest.py``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from alerts.deliveries.services import plan
from alerts.models import Delivery, Episode
from alerts.tests.telling import make_episode
from tests.clinics import Clinic

SECRET = "correct-horse-battery-staple-0123456789"


def planned(clinic: Clinic, reason: str = "opened", **changes: Any) -> Episode:
    with transaction.atomic():
        episode = make_episode(clinic, **changes)
        plan(episode, reason, timezone.now())
    return episode


def rows(episode: Episode) -> list[Delivery]:
    with transaction.atomic():
        return list(Delivery.objects.of_episode(episode).order_by("id"))


def the_row(episode: Episode) -> Delivery:
    (row,) = [row for row in rows(episode) if row.channel_id is not None]
    return row


def mailed() -> set[str]:
    return {address for one in mail.outbox for address in one.to}


def in_a_thread(clinic: Clinic, work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        with clinic.scope():
            work()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def held_until(episode: Episode, moment: datetime) -> None:
    Delivery.objects.of_episode(episode).update(state="held", next_attempt_at=moment)
