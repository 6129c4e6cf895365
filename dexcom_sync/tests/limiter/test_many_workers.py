"""T12 and T13: eight processes, one Valkey, one sandbox."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from dexcom_sync.limiter import Budget, Lane, Limiter, Wait, WhyWait
from dexcom_sync.sandbox.serving import PROJECT
from tenancy.redis import limits_client
from tests.dexcom import DexcomSandbox
from tests.forgetting import forget_keys, limits_url

WORKERS = 8
pytestmark = pytest.mark.slow


@pytest.fixture
def client_id(dexcom_sandbox: DexcomSandbox) -> Iterator[str]:
    made = secrets.token_hex(8)
    dexcom_sandbox.register("http://unused", client_id=made, client_secret="unused")
    yield made
    forget_keys(limits_url(), "dexcom:{*")


def run_workers(sandbox: DexcomSandbox, client_id: str, *, per_hour: int, burst: int, tries: int) -> list[Any]:
    """Who tried, what became of it and when it ended, for all tries of all workers, who begin together."""
    token = sandbox.connect("SandboxUser7", client_id=client_id)["access_token"]
    told = {
        "valkey": limits_url(),
        "url": sandbox.url,
        "client_id": client_id,
        "token": token,
        "per_hour": per_hour,
        "burst": burst,
        "tries": tries,
    }
    command = [sys.executable, "-m", "dexcom_sync.tests.limiter.calling"]
    workers = [
        subprocess.Popen(command, cwd=PROJECT, env=os.environ, stdin=-1, stdout=-1, text=True) for _ in range(WORKERS)
    ]
    try:
        for worker in workers:
            print(json.dumps(told), file=worker.stdin, flush=True)
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        answers = []
        for worker in workers:
            print("go", file=worker.stdin, flush=True)
        for number, worker in enumerate(workers):
            output, _ = worker.communicate(timeout=60)
            answers += [(number, *json.loads(line)) for line in output.splitlines()]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert len(answers) == WORKERS * tries
    return answers


def test_eight_workers_never_pass_the_limit(dexcom_sandbox: DexcomSandbox, client_id: str) -> None:
    """T12. 16 an hour and a burst of 4 are at most 20 in any hour."""
    dexcom_sandbox.config(rate_per_hour=20)
    answers = run_workers(dexcom_sandbox, client_id, per_hour=16, burst=4, tries=20)
    ended = Counter(word for _, word, _ in answers)
    seen = dexcom_sandbox.log(client_id=client_id, endpoint="devices")

    assert ended == {"called": 4, "budget": WORKERS * 20 - 4}
    assert [call["status"] for call in seen] == [200] * 4


def test_after_a_429_all_workers_are_quiet_until_it_may_go_on(dexcom_sandbox: DexcomSandbox, client_id: str) -> None:
    """T13."""
    dexcom_sandbox.fault({"endpoint": "devices"}, "status", status=429, retry_after=120)
    answers = run_workers(dexcom_sandbox, client_id, per_hour=48_000, burst=200, tries=20)
    refused_at = min(at for _, word, at in answers if word == "429")
    limiter = Limiter(limits_client(), client_id, "host", Budget())
    answer = limiter.ask(Lane.INTERACTIVE)

    # One call of each worker may have been under way when it came.
    late = Counter(worker for worker, word, at in answers if word == "called" and at > refused_at)

    assert all(calls == 1 for calls in late.values())
    assert Counter(word for _, word, _ in answers)["cooldown"] > WORKERS * 20 / 2
    assert isinstance(answer, Wait)
    assert answer.why is WhyWait.COOLDOWN
    assert 60 < answer.seconds <= 120
