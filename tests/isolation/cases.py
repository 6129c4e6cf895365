"""One request of the matrix, and what must be true of its answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db import connection, transaction
from django.http import HttpResponse

from tests.data_plane import forget_budgets
from tests.forgetting import forget_limits
from tests.isolation.callers import Caller
from tests.isolation.sql import StatementWatch

SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Case:
    caller: Caller
    method: str
    path: str
    query: dict[str, str] | None = None
    body: Any = None
    form: bool = False

    def __str__(self) -> str:
        query = f"?{urlencode(self.query)}" if self.query else ""
        body = f" {json.dumps(self.body)[:300]}" if self.body is not None else ""
        return f"{self.caller.name}: {self.method} {self.path}{query}{body}"

    def send(self) -> HttpResponse:
        path = self.path + (f"?{urlencode(self.query)}" if self.query else "")
        if self.body is None or self.method in SAFE:
            return self.caller.client().generic(self.method, path)  # type: ignore[return-value]
        if self.form:
            return self.caller.client().post(path, self.body)  # type: ignore[return-value]
        text = json.dumps(self.body)
        return self.caller.client().generic(self.method, path, text, "application/json")  # type: ignore[return-value]


@dataclass
class Answer:
    status: int
    text: str
    statements: list[str]

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def ask(case: Case, after: Callable[[], None] = lambda: None, *, also_after_reads: bool = False) -> Answer:
    """Send it, look at what it left (``after``) if it wrote at all, and undo it: no case depends on the one before."""
    forget_limits()
    forget_budgets()
    savepoint = transaction.savepoint()
    watch = StatementWatch()
    try:
        with connection.execute_wrapper(watch):
            response = case.send()
            content = b"".join(response) if response.streaming else response.content
        # A view outside a transaction of its own marks the test's for rollback when it refuses.
        transaction.set_rollback(False)
        if watch.wrote or also_after_reads:
            after()
    finally:
        transaction.set_rollback(False)
        transaction.savepoint_rollback(savepoint)
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    cookies = response.cookies.output()
    return Answer(response.status_code, f"{headers}\n{cookies}\n{content.decode(errors='replace')}", watch.unnamed)


def leaks(case: Case, answer: Answer, canaries: Iterable[str]) -> list[str]:
    faults = [f"shows {canary}" for canary in canaries if canary in answer.text]
    # Readiness says with 503 what is not ready: no worker runs in tests.
    if answer.status >= 500 and (case.path, answer.status) != ("/readyz", 503):
        faults.append(f"answers {answer.status}")
    faults += [f"asks without an organization: {statement}" for statement in answer.statements]
    return [f"{case} {fault}" for fault in faults]
