"""A request hands tasks to the broker of the settings, within its budget of time, in whatever process it runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import Any

import pytest
from django.db import transaction

from accounts.tasks import mail_about_account_task
from glucose_platform.celery import app
from tenancy.tasks import send_task, send_task_after_commit
from tests.live import PROJECT

SEND = """
import django; django.setup()
from django.conf import settings
from accounts.tasks import mail_about_account_task as task
assert task.app.conf.broker_url == settings.CELERY_BROKER_URL, task.app.conf.broker_url
"""


@pytest.mark.parametrize("process", [None, "web"])
def test_a_process_that_is_no_worker_sends_to_the_broker_of_the_settings(process: str | None) -> None:
    """Celery's default would be a RabbitMQ on this machine."""
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_OWNER_URL"}
    environment |= {"DJANGO_SETTINGS_MODULE": "glucose_platform.settings"}
    environment |= {"GLUCOSE_PROCESS": process} if process else {}
    done = subprocess.run(
        [sys.executable, "-c", SEND], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def silent_server() -> socket.socket:
    """Takes connections and says nothing."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(8)
    return server


@pytest.mark.parametrize("is_listening", [True, False], ids=["silent", "away"])
def test_a_broker_that_does_not_answer_costs_the_budget_and_says_so(
    is_listening: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = silent_server()
    port = server.getsockname()[1]
    if not is_listening:
        server.close()
    monkeypatch.setattr(app.conf, "broker_write_url", f"redis://127.0.0.1:{port}/0")
    begun = time.monotonic()
    assert send_task(mail_about_account_task, kind="registration", user_id=0) is False
    # The budget once for connecting and once for an answer, and the time of a busy machine.
    assert time.monotonic() - begun < 1.5
    assert "task_not_sent" in caplog.text
    server.close()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(mail_about_account_task, "apply_async", lambda **options: sent.append(options["kwargs"]))
    with transaction.atomic():
        send_task_after_commit(mail_about_account_task, kind="registration", user_id=1)
        transaction.set_rollback(True)
    assert sent == []
    with transaction.atomic():
        send_task_after_commit(mail_about_account_task, kind="registration", user_id=2)
        assert sent == []
    assert sent == [{"kind": "registration", "user_id": 2}]
