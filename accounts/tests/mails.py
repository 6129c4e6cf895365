"""Mails that a request asks for: the task runs at once, in this process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.core import mail
from django.test import TestCase

from glucose_platform.celery import app


@contextmanager
def tasks_run_at_once() -> Iterator[None]:
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    try:
        yield
    finally:
        app.conf.task_always_eager = app.conf.task_eager_propagates = False


def mails_of(work: Callable[[], Any]) -> list[Any]:
    """What ``work`` had sent."""
    before = len(mail.outbox)
    with tasks_run_at_once(), TestCase.captureOnCommitCallbacks(execute=True):
        work()
    return mail.outbox[before:]


def link_in(message: Any) -> str:
    """The path of the one link in a mail."""
    (found,) = re.findall(r"https?://\S+", message.body)
    return str(urlsplit(found).path)


def token_in(message: Any) -> str:
    """In the form in which apps send it."""
    return "/".join(link_in(message).strip("/").split("/")[-2:])
