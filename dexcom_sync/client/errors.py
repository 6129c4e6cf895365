"""What a call to Dexcom can end with. None of it says a token, a code, an address or a body in words."""

from __future__ import annotations

import enum


class DexcomError(Exception):
    """``status``: of HTTP, None where there was no answer. ``code``: a code from the answer, for logs only."""

    def __init__(self, *, status: int | None = None, code: str = "") -> None:
        super().__init__(" ".join(str(part) for part in (type(self).__name__, status, code) if part))
        self.status = status
        self.code = code


class Unauthorized(DexcomError):
    """401: refresh once, try once more."""


class Forbidden(DexcomError):
    """403: no refresh helps."""


class BadRequest(DexcomError):
    """400, 422 and other refusals of what was asked: asking again does not help."""


class NotFound(BadRequest):
    """404: the address or the version of the API is wrong."""


class RateLimited(DexcomError):
    """429. ``retry_after``: seconds that the answer asks for, None where it asks for none."""

    def __init__(self, *, retry_after: float | None, status: int | None = 429, code: str = "") -> None:
        super().__init__(status=status, code=code)
        self.retry_after = retry_after


class ServerTrouble(DexcomError):
    """5xx, redirects, and connections that failed or broke."""

    def __init__(self, *, status: int | None = None, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(status=status, code=code)
        self.retry_after = retry_after


class TimedOut(ServerTrouble):
    """The answer was too slow: a shorter window may help."""


class Unreadable(DexcomError):
    """A 200 that is not what was asked for. ``code`` says what is wrong; ``body`` is what came of it, inflated."""

    def __init__(self, *, code: str, status: int | None = 200, body: bytes = b"") -> None:
        super().__init__(status=status, code=code)
        self.body = body


class TokenRefusal(enum.StrEnum):
    INVALID_GRANT = "invalid_grant"
    INVALID_CLIENT = "invalid_client"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    INVALID_REQUEST = "invalid_request"
    INVALID_SCOPE = "invalid_scope"
    USER_CAP = "user_cap"
    UNRECOGNISED = "unrecognised"
    # The request may have been carried out, and its answer was lost: the token that was spent may be dead.
    AMBIGUOUS = "ambiguous"


# Ours, not the patient's: no connection may change its state for it.
APP_REFUSALS = frozenset(
    {TokenRefusal.INVALID_CLIENT, TokenRefusal.UNAUTHORIZED_CLIENT, TokenRefusal.UNSUPPORTED_GRANT_TYPE}
)


class TokenRefused(DexcomError):
    """The token address gave no tokens; ``kind`` tells what that means."""

    def __init__(self, kind: TokenRefusal, *, status: int | None = None, code: str = "") -> None:
        super().__init__(status=status, code=code or kind)
        self.kind = kind

    @property
    def is_our_fault(self) -> bool:
        return self.kind in APP_REFUSALS
