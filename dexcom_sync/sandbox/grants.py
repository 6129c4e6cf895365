"""Consents, and the codes and tokens that follow from them."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field

from dexcom_sync.sandbox.identities import record_id
from dexcom_sync.sandbox.refusals import Refusal
from dexcom_sync.sandbox.switches import Switches

DAY = 86_400


def invalid_grant(why: str) -> Refusal:
    return Refusal(400, "invalid_grant", why)


@dataclass(slots=True)
class Code:
    user: str
    client_id: str
    host: str
    redirect_uri: str
    given_at: float
    used: bool = False


@dataclass(slots=True)
class Grant:
    """One consent. ``dead`` says why it is refreshed no more, ``revoked`` in which way its data are refused."""

    user: str
    client_id: str
    host: str
    authorized_at: float
    refreshed_at: float
    refresh_token: str = ""
    generation: int = 0
    reuse_attempts: int = 0
    dead: str = ""
    revoked: str = ""
    access: dict[str, float] = field(default_factory=dict)

    def as_dict(self, now: float) -> dict[str, object]:
        return {
            "client_id": self.client_id, "host": self.host, "authorized_at": self.authorized_at,
            "refreshed_at": self.refreshed_at, "generation": self.generation, "refreshes": self.generation - 1,
            "reuse_attempts": self.reuse_attempts, "dead": self.dead, "revoked": self.revoked,
            "live_access_tokens": sum(expires > now for expires in self.access.values()),
        }  # fmt: skip


class Grants:
    def __init__(self) -> None:
        self._codes: dict[str, Code] = {}
        self._by_refresh: dict[str, Grant] = {}
        self._by_access: dict[str, Grant] = {}
        self._all: list[Grant] = []

    def give_code(self, code: Code, *, static: bool) -> str:
        parts = [record_id(code.user, "code", code.client_id, n) for n in range(3)] if static else _three_uuids()
        text = f"{code.host}.{'.'.join(parts)}"
        self._codes[text] = code
        return text

    def exchange(
        self, text: str, *, client_id: str, host: str, redirect_uri: str, now: float, switches: Switches
    ) -> Grant:
        code = self._codes.get(text)
        if code is None or code.client_id != client_id or code.host != host:
            raise invalid_grant("The code is not known.")
        if code.used or now > code.given_at + switches.code_ttl_s:
            raise invalid_grant("The code was used already or has expired.")
        if code.redirect_uri != redirect_uri:
            raise invalid_grant("The redirect_uri is not the one of the authorization request.")
        self._refuse_one_more_user(code, switches)
        code.used = True
        return self.open(user=code.user, client_id=client_id, host=host, now=now, switches=switches)

    def open(self, *, user: str, client_id: str, host: str, now: float, switches: Switches) -> Grant:
        grant = Grant(user, client_id, host, authorized_at=now, refreshed_at=now)
        self._all.append(grant)
        self._rotate(grant, now, switches)
        return grant

    def refresh(self, token: str, *, client_id: str, host: str, now: float, switches: Switches) -> Grant:
        grant = self._by_refresh.get(token)
        if grant is None or grant.client_id != client_id or grant.host != host:
            raise invalid_grant("The refresh token is not known.")
        if token != grant.refresh_token:
            grant.reuse_attempts += 1
            if switches.refresh_reuse == "kills_family":
                grant.dead = "an old refresh token was used again"
            raise invalid_grant("The refresh token was used already.")
        began = grant.authorized_at if switches.refresh_ttl_mode == "absolute" else grant.refreshed_at
        if now > began + switches.refresh_ttl_d * DAY:
            raise invalid_grant("The refresh token has expired.")
        if grant.dead or grant.revoked:
            raise invalid_grant(grant.dead or "The consent was withdrawn.")
        if switches.old_access == "dies":
            self.expire_access(grant)
        grant.refreshed_at = now
        self._rotate(grant, now, switches)
        return grant

    def by_access(self, token: str) -> Grant | None:
        return self._by_access.get(token)

    def by_refresh(self, token: str) -> Grant | None:
        return self._by_refresh.get(token)

    def owner_of_code(self, text: str) -> str | None:
        code = self._codes.get(text)
        return code.user if code else None

    def of(self, user: str) -> list[Grant]:
        return [grant for grant in self._all if grant.user == user]

    def expire_access(self, grant: Grant) -> None:
        for token in grant.access:
            grant.access[token] = 0

    def _rotate(self, grant: Grant, now: float, switches: Switches) -> None:
        self._forget_old_access(grant, now)
        grant.generation += 1
        grant.refresh_token = uuid.uuid4().hex
        access = secrets.token_urlsafe(48)
        grant.access[access] = now + switches.access_ttl_s
        self._by_access[access] = grant
        self._by_refresh[grant.refresh_token] = grant

    def _forget_old_access(self, grant: Grant, now: float) -> None:
        """Of a connection that is refreshed for weeks. The newest stay, so that the log can tell whose they were."""
        for token in list(grant.access):
            if len(grant.access) > 8 and grant.access[token] <= now:
                del grant.access[token], self._by_access[token]

    def _refuse_one_more_user(self, code: Code, switches: Switches) -> None:
        if code.host == "sandbox" or not switches.user_cap:
            return
        users = {
            grant.user
            for grant in self._all
            if (grant.client_id, grant.host) == (code.client_id, code.host) and not grant.revoked
        }
        if code.user not in users and len(users) >= switches.user_cap:
            raise Refusal(400, "max_user_count", "The maximum user count of this application is reached.")


def _three_uuids() -> list[str]:
    return [str(uuid.uuid4()) for _ in range(3)]
