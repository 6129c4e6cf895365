"""Calls as a client makes them, for tests of the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from dexcom_sync.sandbox.world import ANCHOR, CLIENT_ID, CLIENT_SECRET
from tests.dexcom import CALLBACK, DexcomSandbox

ANCHOR_AT = datetime.fromtimestamp(ANCHOR, UTC)
MONTH = timedelta(days=30)
DATA = ("egvs", "events", "calibrations", "alerts")


def query_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


class Caller:
    """One connection."""

    def __init__(self, sandbox: DexcomSandbox, user: str, *, host: str = "sandbox") -> None:
        self.sandbox, self.host = sandbox, host
        self.tokens = sandbox.connect(user, host=host)

    def get(self, endpoint: str, **query: str) -> httpx.Response:
        url = f"{self.sandbox.url_of(self.host)}/v3/users/self/{endpoint}"
        return self.sandbox.http.get(url, params=query, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def window(self, endpoint: str, start: datetime, end: datetime) -> httpx.Response:
        return self.get(endpoint, startDate=query_text(start), endDate=query_text(end))

    def records(
        self, endpoint: str, start: datetime | None = None, end: datetime | None = None
    ) -> list[dict[str, Any]]:
        answer = self.window(endpoint, start or ANCHOR_AT - MONTH, end or ANCHOR_AT)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["records"])

    def data_range(self, **query: str) -> dict[str, Any]:
        return dict(self.get("dataRange", **query).json())

    def devices(self) -> list[dict[str, Any]]:
        return list(self.get("devices").json()["records"])

    def refresh(self, **changed: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"], **changed}
        return token(self.sandbox, form, host=self.host)


def token(sandbox: DexcomSandbox, form: dict[str, str], *, host: str = "sandbox", version: int = 3) -> httpx.Response:
    whole = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **form}
    return sandbox.http.post(f"{sandbox.url_of(host)}/v{version}/oauth2/token", data=whole)


def exchange(sandbox: DexcomSandbox, code: str, *, host: str = "sandbox", **changed: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **changed}
    return token(sandbox, form, host=host)
