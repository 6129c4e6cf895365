"""What the document tells receivers to check, run as it stands there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from alerts.deliveries.channels import KINDS
from alerts.tests.receiver import Received, Receiver, running_receiver
from alerts.tests.test_channels import MESSAGE, SECRET

pytestmark = pytest.mark.promise(48)

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/alert-channels.md"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOKS_MAY_REACH_LOOPBACK = True
    with running_receiver() as running:
        yield running


@pytest.fixture
def documented() -> dict[str, Any]:
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102
    return names


def received(receiver: Receiver) -> Received:
    settings = {"url": receiver.url, "secret": SECRET}
    KINDS["webhook"].send(settings=settings, to="", message=MESSAGE)
    return receiver.received[-1]


def test_a_message_of_ours_is_genuine(receiver: Receiver, documented: dict[str, Any]) -> None:
    got = received(receiver)
    assert documented["is_genuine"](SECRET, got.headers, got.body)
    assert json.loads(got.body)["id"] == got.headers["Idempotency-Key"] == MESSAGE.key


def test_an_altered_body_and_another_secret_are_not(receiver: Receiver, documented: dict[str, Any]) -> None:
    got = received(receiver)
    assert not documented["is_genuine"](SECRET, got.headers, got.body.replace(b"critical", b"low"))
    assert not documented["is_genuine"](SECRET[::-1], got.headers, got.body)


def test_an_altered_time_is_not(receiver: Receiver, documented: dict[str, Any]) -> None:
    """Else an old message would be made fresh."""
    got = received(receiver)
    later = {**got.headers, "X-Glucose-Timestamp": str(int(got.headers["X-Glucose-Timestamp"]) + 1)}
    assert not documented["is_genuine"](SECRET, later, got.body)


def test_a_replay_after_five_minutes_is_refused(receiver: Receiver, documented: dict[str, Any]) -> None:
    with time_machine.travel("2026-03-01T02:00:00Z", tick=False):
        got = received(receiver)
    with time_machine.travel("2026-03-01T02:05:00Z", tick=False):
        assert documented["is_genuine"](SECRET, got.headers, got.body)
    with time_machine.travel("2026-03-01T02:05:01Z", tick=False):
        assert not documented["is_genuine"](SECRET, got.headers, got.body)


def test_a_replay_within_five_minutes_is_noticed(receiver: Receiver, documented: dict[str, Any]) -> None:
    first, second = received(receiver), received(receiver)
    assert documented["is_new"](first.headers)
    assert not documented["is_new"](second.headers)


def test_each_try_is_signed_anew(receiver: Receiver, documented: dict[str, Any]) -> None:
    """A message that comes through after an hour is fresh to its receiver."""
    with time_machine.travel("2026-03-01T02:00:00Z", tick=False):
        received(receiver)
    with time_machine.travel("2026-03-01T03:00:00Z", tick=False):
        got = received(receiver)
        assert documented["is_genuine"](SECRET, got.headers, got.body)
