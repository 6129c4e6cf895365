"""Error answers come in several shapes, and in none. Only a code is ever taken out of them."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", re.ASCII)
_USER_CAP = re.compile(r"max(imum)?[ _]user|user[ _](count|limit|cap)", re.IGNORECASE)
USER_CAP_CODE = "user_cap"


def error_code(body: bytes) -> str:
    """``error``, else the first of ``errors``, else ``message``; "" where none of them is a code."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError, ValueError):
        return ""
    if not isinstance(answer, dict):
        return ""
    texts = _texts(answer)
    if any(_USER_CAP.search(text) for text in texts):
        return USER_CAP_CODE
    return next((text.lower() for text in texts if _CODE.fullmatch(text)), "")


def _texts(answer: dict[str, Any]) -> list[str]:
    errors = answer.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    found = (answer.get("error"), first.get("code"), answer.get("message"), answer.get("error_description"))
    return [text[:200] for text in (*found, first.get("title")) if isinstance(text, str)]
