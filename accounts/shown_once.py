"""What is shown once and stored nowhere, carried from the form that made it to the page that shows it.

A reload of that page must not make a second key, so the form redirects. The text waits in the session, sealed: the
database holds no usable key, and neither address nor log does.
"""

from __future__ import annotations

from typing import Any

from accounts.browser_sessions.engine import PUBLIC_ID
from tenancy.encryption.envelope import Place
from tenancy.encryption.errors import EncryptionError
from tenancy.encryption.keys import open_text, seal_text
from tenancy.encryption.owners import PLATFORM

_PREFIX = "shown_once:"


def keep(session: Any, name: str, text: str) -> None:
    session[_PREFIX + name] = seal_text(text, owner=PLATFORM, place=_place(session, name)).hex()


def take(session: Any, name: str) -> str | None:
    """The text, the first time it is asked for."""
    sealed = session.pop(_PREFIX + name, None)
    if sealed is None:
        return None
    try:
        return open_text(bytes.fromhex(sealed), place=_place(session, name))
    except EncryptionError:
        # The platform's key was replaced in these seconds: the person makes another.
        return None


def _place(session: Any, name: str) -> Place:
    return Place(None, "accounts_browsersession", name, session.get(PUBLIC_ID, ""))
