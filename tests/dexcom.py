"""A running Dexcom sandbox for tests: its own process on a free port, begun anew for each test.

    def test_it(dexcom_sandbox: DexcomSandbox) -> None:
        dexcom_sandbox.register("https://testserver/callback")     # where logins may return; default: CALLBACK
        tokens = dexcom_sandbox.connect("SandboxUser7")            # {"access_token", "refresh_token", "expires_in", …}
        code = dexcom_sandbox.code("SandboxUser7")                 # through the login, without its pages
        dexcom_sandbox.clock(advance_s=7201)                       # real time, rate 1, unless a test says otherwise
        dexcom_sandbox.config(bounds="closed")
        dexcom_sandbox.fault({"endpoint": "egvs"}, "status", status=503, times=2)
        dexcom_sandbox.log(endpoint="token")                       # what it saw, tokens masked
        dexcom_sandbox.ledger("SandboxUser7")                      # every record that was ever visible

``dexcom_sandbox.url`` is the sandbox's host, ``url_of("eu")`` a region's. Its app is ``CLIENT_ID``, ``CLIENT_SECRET``.
docs/dexcom-sandbox.md lists users, switches and kinds of faults.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dexcom_sync.sandbox.serving import PROJECT, command, environment
from dexcom_sync.sandbox.world import CLIENT_ID, CLIENT_SECRET, App, Start
from tests.live import free_port

CALLBACK = "https://testserver/dexcom/callback"
START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class DexcomSandbox:
    url: str
    http: httpx.Client

    def url_of(self, host: str) -> str:
        """Of ``sandbox``, ``us``, ``eu`` or ``jp``."""
        return self.url if host == "sandbox" else f"{self.url}/{host}"

    def reset(self, **start: Any) -> None:
        """``seed``, ``now``, ``rate``, ``anchor`` (where data end), ``live``."""
        self._ask("POST", "/_sim/reset", _texts(start))
        self.register(CALLBACK)

    def clock(self, **change: Any) -> datetime:
        """``now``, ``advance_s``, ``rate`` (0 stops it); without any, only the time."""
        answer = self._ask("POST" if change else "GET", "/_sim/clock", _texts(change) if change else None)
        return datetime.fromisoformat(answer["now"])

    def users(self, **described: Any) -> list[str]:
        """Make ``name=`` of a ``scenario=``, or ``count=`` of them by ``prefix=``; without any, list all."""
        answer = self._ask("POST" if described else "GET", "/_sim/users", _texts(described) if described else None)
        return list(answer["users"])

    def user(self, name: str, *, client_id: str = CLIENT_ID) -> dict[str, Any]:
        """Among others ``userId``, and ``moments``: the instants that a scenario is about."""
        return dict(self._ask("GET", f"/_sim/users/{name}?client_id={client_id}"))

    def inject(self, user: str, resource: str, records: list[dict[str, Any]], **how: Any) -> None:
        """``uploadedAt``, ``receiver``, ``duplicate``. A recordId that is there already gets a later version."""
        self._ask("POST", f"/_sim/users/{user}/records", {"resource": resource, "records": records, **_texts(how)})

    def revoke(self, user: str, variant: str | None = None) -> None:
        self._ask("POST", f"/_sim/users/{user}/revoke", {"variant": variant} if variant else {})

    def password_change(self, user: str) -> None:
        self._ask("POST", f"/_sim/users/{user}/password-change", {})

    def expire_access(self, user: str) -> None:
        self._ask("POST", f"/_sim/users/{user}/expire-access", {})

    def connect(self, user: str, *, host: str = "sandbox", client_id: str = CLIENT_ID) -> dict[str, Any]:
        """Tokens, without login and code."""
        return dict(self._ask("POST", f"/_sim/users/{user}/connect", {"host": host, "client_id": client_id}))

    def code(
        self, user: str, *, host: str = "sandbox", redirect_uri: str = CALLBACK, client_id: str = CLIENT_ID
    ) -> str:
        query = {
            "client_id": client_id, "redirect_uri": redirect_uri, "response_type": "code", "scope": "offline_access",
            "state": "s", "_user": user, "_approve": "1",
        }  # fmt: skip
        answer = self.http.get(f"{self.url_of(host)}/v3/oauth2/login", params=query)
        assert answer.status_code == 302, answer.text
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    def fault(
        self,
        match: Mapping[str, Any],
        kind: str,
        *,
        times: int | None = 1,
        probability: float = 1.0,
        **action: Any,
    ) -> None:
        described = {
            "match": match, "action": {"kind": kind, **action}, "times": times, "probability": probability
        }  # fmt: skip
        self._ask("POST", "/_sim/faults", [described])

    def faults(self) -> list[dict[str, Any]]:
        return list(self._ask("GET", "/_sim/faults")["faults"])

    def clear_faults(self) -> None:
        self._ask("DELETE", "/_sim/faults")

    def config(self, **switches: Any) -> dict[str, Any]:
        return dict(self._ask("POST", "/_sim/config", switches))

    def register(self, *redirect_uris: str, client_id: str = CLIENT_ID, client_secret: str | None = None) -> None:
        """Addresses are added; another secret ends the former one."""
        body: dict[str, Any] = {"client_id": client_id, "redirect_uris": redirect_uris}
        self._ask("POST", "/_sim/clients", body | ({"client_secret": client_secret} if client_secret else {}))

    def log(self, *, since: int = 0, **wanted: Any) -> list[dict[str, Any]]:
        """Filters: ``endpoint``, ``user``, ``client_id``, ``grant_type``, ``host``, ``status``."""
        answer = self.http.get("/_sim/log", params={"since": since, **wanted})
        return list(_checked(answer)["requests"])

    def tokens(self, user: str) -> dict[str, Any]:
        """``refreshes``, ``reuse_attempts``, ``generation``, and ``grants`` one by one."""
        return dict(self._ask("GET", f"/_sim/tokens/{user}"))

    def usage(self, *, client_id: str = CLIENT_ID) -> dict[str, Any]:
        return dict(self._ask("GET", f"/_sim/usage?client_id={client_id}"))

    def ledger(
        self, user: str, resource: str = "egvs", *, everything: bool = False, **limits: Any
    ) -> list[dict[str, Any]]:
        """Of each version that was ever visible: ``record``, ``instant``, ``visibleAt``, ``current``, ``served``.

        ``since`` and ``until`` limit the instants; ``everything``: also what is not visible yet.
        """
        query = {"resource": resource, "visible": "0" if everything else "1", **_texts(limits)}
        with self.http.stream("GET", f"/_sim/users/{user}/ledger", params=query) as answer:
            answer.raise_for_status()
            return [json.loads(line) for line in answer.iter_lines() if line]

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return _checked(self.http.request(method, path, json=body))


def _checked(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


@contextmanager
def running_sandbox(*, control: bool = True, **start: Any) -> Iterator[DexcomSandbox]:
    port = free_port()
    begin = Start(apps=(App(CLIENT_ID, CLIENT_SECRET, (CALLBACK,)),), control=control, **start)
    # Benchmarks measure an installation for production, which has none.
    environ = environment(begin, {**os.environ, "APP_ENV": "test"})
    process = subprocess.Popen(command(port=port), cwd=PROJECT, env=environ)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(url, process)
        with httpx.Client(base_url=url, timeout=60) as http:
            yield DexcomSandbox(url, http)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise RuntimeError("The Dexcom sandbox did not answer.")


@pytest.fixture(scope="session")
def dexcom_sandbox_process() -> Iterator[DexcomSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def dexcom_sandbox(dexcom_sandbox_process: DexcomSandbox) -> DexcomSandbox:
    dexcom_sandbox_process.reset()
    return dexcom_sandbox_process
