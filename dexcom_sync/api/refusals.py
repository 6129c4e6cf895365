from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from dexcom_sync.client import TokenRefusal
from dexcom_sync.client.errors import APP_REFUSALS
from dexcom_sync.services.connecting import ConnectError
from dexcom_sync.services.people import NotPossible
from tenancy.api.errors import Conflict
from tenancy.refusals import Refusal

_LATER = {"busy", "unreachable", TokenRefusal.AMBIGUOUS.value}
_STATUS: Final[dict[str, int]] = {
    **dict.fromkeys(_LATER, 503),
    **dict.fromkeys([refusal.value for refusal in APP_REFUSALS], 503),
    "region_not_offered": 503,
    "archived": 409,
    TokenRefusal.USER_CAP.value: 409,
}
_WAIT = 60.0


class ConsentRefused(Refusal):
    def __init__(self, error: ConnectError) -> None:
        super().__init__(str(error))
        self.status_code = status_of(error)
        self.wait = _WAIT if error.code in _LATER else None


def status_of(error: ConnectError) -> int:
    """400 for whatever a new consent mends."""
    return _STATUS.get(error.code, 400)


@contextmanager
def refused_as_answers() -> Iterator[None]:
    try:
        yield
    except ConnectError as error:
        raise ConsentRefused(error) from error
    except NotPossible as error:
        raise Conflict(str(error)) from error
