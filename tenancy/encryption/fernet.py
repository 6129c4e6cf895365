"""Reads what an earlier system sealed with Fernet (``ENCRYPTION_KEY``). Nothing is written in that form."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken

# Version byte and the first bytes of a time of this century, in base64.
TOKEN_BEGINS = "gAAAA"  # noqa: S105  no secret


class UnreadableToken(ValueError):
    """The text says why a Fernet token cannot be opened; it holds nothing of the token."""


class FernetReader:
    def __init__(self, key: str) -> None:
        """``key`` empty: tokens are refused. Raises ValueError for a malformed key."""
        self._fernet = Fernet(key.encode()) if key else None

    def plain(self, text: str) -> str:
        """A token's text, or what is no token as it is. Raises UnreadableToken."""
        if not text.startswith(TOKEN_BEGINS):
            return text
        if self._fernet is None:
            raise UnreadableToken("the text is a Fernet token, and ENCRYPTION_KEY is not set")
        try:
            return self._fernet.decrypt(text.encode()).decode()
        except (InvalidToken, UnicodeError):
            raise UnreadableToken("the text is a Fernet token that ENCRYPTION_KEY does not open") from None
