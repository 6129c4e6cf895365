"""Keys for a new installation, and a further key for a keyring. Needs no settings."""

from __future__ import annotations

import base64
import json
import os
import secrets
from datetime import date

KEY_BYTES = 32
KEYRINGS = {"encryption": "ENCRYPTION_KEYS", "token": "TOKEN_SIGNING_KEYS", "audit": "AUDIT_SIGNING_KEYS"}


def new_installation(today: date) -> dict[str, str]:
    """Values by the name of their setting."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        **{setting: keyring(name_of_key(today)) for setting in KEYRINGS.values()},
    }


def name_of_key(today: date) -> str:
    return f"{today:%Y-%m-%d}"


def keyring(name: str) -> str:
    return json.dumps({"active": name, "keys": {name: new_key_text()}})


def new_key_text() -> str:
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()
