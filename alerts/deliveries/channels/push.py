"""Push through Firebase Cloud Messaging, HTTP v1."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import jwt
from django.conf import settings as platform

from alerts.deliveries.channels.kind import Kind, Message, Need, NotSent
from alerts.deliveries.channels.outgoing import post

_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_ACCOUNT_ADVICE = "Give the service account's JSON file, with project_id, client_email and private_key."
_PARTS = ("project_id", "client_email", "private_key")
# Asked for anew a minute before it ends.
_MARGIN_SECONDS = 60


class Push(Kind):
    kind = "push"
    needs = (
        Need("service_account", "Service account", r"\{.+\}", _ACCOUNT_ADVICE, is_secret=True),
        Need("token", "Registration token", r"[A-Za-z0-9_:.-]{20,4096}", "Give the app's registration token.", True),
    )
    # Firebase takes 4 KB in all.
    longest_text = 1_000

    def problems(self, settings: Mapping[str, str]) -> dict[str, str]:
        found = super().problems(settings)
        if "service_account" not in found and _account(settings) is None:
            found["service_account"] = _ACCOUNT_ADVICE
        return found

    def hint(self, name: str, value: str) -> str:
        account = _account({name: value}) if name == "service_account" else None
        return account["client_email"] if account else super().hint(name, value)

    def send(self, *, settings: Mapping[str, str], to: str, message: Message) -> str:
        account = _account(settings)
        if account is None:
            raise NotSent(_ACCOUNT_ADVICE, is_final=True)
        text = self.cut(message.text)
        push = {
            "token": settings["token"],
            "notification": {"title": message.subject, "body": text},
            "data": {"id": message.key, "episode": message.episode, "type": message.type},
            "android": {"priority": "high"},
            "apns": {"headers": {"apns-priority": "10"}, "payload": {"aps": {"sound": "default"}}},
        }
        answer = post(
            f"{platform.FCM_URL}/v1/projects/{account['project_id']}/messages:send",
            content=json.dumps({"message": push}).encode(),
            headers={"Authorization": f"Bearer {_tokens.of(account)}"},
        )
        if answer.status == 401:
            _tokens.forget(account)
            raise NotSent("Firebase refused the access token (HTTP 401).")
        if answer.status == 404:
            raise NotSent("Firebase no longer knows the app's registration token (HTTP 404).", is_final=True)
        return answer.taken()


def _account(settings: Mapping[str, str]) -> dict[str, str] | None:
    """Of the file's fields those that are used; its token_uri is not: it could name any server."""
    try:
        parsed = json.loads(settings["service_account"])
        account = {name: parsed[name] for name in _PARTS}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    is_text = all(isinstance(value, str) and value for value in account.values())
    # It becomes a part of the address.
    is_plain = is_text and all(mark.isalnum() or mark == "-" for mark in account["project_id"])
    return account if is_plain and account["project_id"].isascii() else None


class AccessTokens:
    """Google's tokens of an hour, by service account, kept in the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, float]] = {}

    def of(self, account: dict[str, str]) -> str:
        """Raises NotSent."""
        with self._lock:
            token, good_until = self._kept.get(_digest(account), ("", 0.0))
        if time.time() < good_until:
            return token
        token, seconds = _ask(account)
        with self._lock:
            self._kept[_digest(account)] = (token, time.time() + seconds - _MARGIN_SECONDS)
        return token

    def forget(self, account: dict[str, str]) -> None:
        with self._lock:
            self._kept.pop(_digest(account), None)


_tokens = AccessTokens()


def _digest(account: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(account, sort_keys=True).encode()).hexdigest()


def _ask(account: dict[str, str]) -> tuple[str, float]:
    now = int(time.time())
    claims = {
        **{"iss": account["client_email"], "scope": _SCOPE, "aud": platform.GOOGLE_TOKEN_URL},
        **{"iat": now, "exp": now + 600},
    }
    try:
        assertion = jwt.encode(claims, account["private_key"], algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise NotSent("The service account's private key cannot be read.", is_final=True) from error
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
    answer = post(
        platform.GOOGLE_TOKEN_URL,
        content=urlencode(form).encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    if not answer.was_taken:
        reason = f"Google did not give an access token (HTTP {answer.status})."
        raise NotSent(reason, is_final=answer.is_final)
    return _read(answer.body)


def _read(body: bytes) -> tuple[str, float]:
    try:
        told: Any = json.loads(body)
        token, seconds = told["access_token"], told["expires_in"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotSent("Google's answer to the question for a token cannot be read.") from error
    is_token = isinstance(token, str) and token.isascii() and token.isprintable()
    if not is_token or not isinstance(seconds, int) or not 0 < seconds <= 86_400:
        raise NotSent("Google's answer to the question for a token cannot be read.")
    return token, float(seconds)
