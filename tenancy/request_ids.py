"""By what a request is named in logs, in the ledger and to whoever asked."""

from __future__ import annotations

import re
import uuid

# What a proxy or a client may name a request; anything else could forge lines of a log.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def is_request_id(text: str) -> bool:
    return _REQUEST_ID.fullmatch(text) is not None


def request_id_of(sent: str) -> str:
    """``sent``: of the header X-Request-ID, or empty."""
    return sent if is_request_id(sent) else str(uuid.uuid4())
