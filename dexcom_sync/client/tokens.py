"""What the token address answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from dexcom_sync.client.error_bodies import USER_CAP_CODE, error_code
from dexcom_sync.client.errors import TokenRefusal, TokenRefused

USUAL_LIFE_SECONDS = 7200
LONGEST_LIFE_SECONDS = 86_400
# What a header can carry; anything else in it would come back in somebody's error message.
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}", re.ASCII)
_NAMED_BY_US = {TokenRefusal.AMBIGUOUS, TokenRefusal.UNRECOGNISED, TokenRefusal.USER_CAP}
_NAMED_BY_DEXCOM = {str(kind): kind for kind in TokenRefusal if kind not in _NAMED_BY_US}


@dataclass(frozen=True, slots=True)
class Tokens:
    """``refresh_token``: None where none was sent: then the one that was used is all there is.

    ``expires_at`` counts from before the call. ``life_was_assumed``: the answer told none that can be true.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int
    expires_at: datetime
    life_was_assumed: bool
    user_id: str = field(default="", repr=False)


def is_token(value: object) -> bool:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def read_tokens(body: bytes, *, asked_at: datetime) -> Tokens | None:
    """None: these are no tokens, and what was spent for them may be gone."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError, ValueError):
        return None
    if not isinstance(answer, dict) or not is_token(answer.get("access_token")):
        return None
    refresh = answer.get("refresh_token")
    if refresh is not None and not is_token(refresh):
        return None
    life = _life(answer.get("expires_in"))
    user_id = answer.get("userId")
    return Tokens(
        access_token=answer["access_token"],
        refresh_token=refresh,
        expires_in=life or USUAL_LIFE_SECONDS,
        expires_at=asked_at + timedelta(seconds=life or USUAL_LIFE_SECONDS),
        life_was_assumed=life is None,
        user_id=user_id if isinstance(user_id, str) else "",
    )


def _life(value: object) -> int | None:
    """In seconds, whatever one of the documents says about milliseconds."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 1 <= value <= LONGEST_LIFE_SECONDS else None


def refusal_of(status: int, body: bytes) -> TokenRefused:
    code = error_code(body)
    if code == USER_CAP_CODE:
        return TokenRefused(TokenRefusal.USER_CAP, status=status)
    kind = _NAMED_BY_DEXCOM.get(code, TokenRefusal.UNRECOGNISED)
    return TokenRefused(kind, status=status, code=code)
