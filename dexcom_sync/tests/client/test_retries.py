from __future__ import annotations

import pytest

from dexcom_sync.client import (
    BadRequest,
    DexcomError,
    Forbidden,
    NotFound,
    RateLimited,
    ServerTrouble,
    TimedOut,
    TokenRefusal,
    TokenRefused,
    Unauthorized,
    Unreadable,
    seconds_to_next_try,
)
from dexcom_sync.client.regions import BASE_URLS, Application


@pytest.mark.parametrize("error", [ServerTrouble(), TimedOut(), Unreadable(code="x"), RateLimited(retry_after=None)])
def test_trouble_is_waited_out_longer_each_time_and_five_times(error: DexcomError) -> None:
    longest = [seconds_to_next_try(error, tries, chance=lambda: 1.0) for tries in range(1, 7)]

    assert longest == [2, 4, 8, 16, None, None]
    assert seconds_to_next_try(error, 1, chance=lambda: 0.0) == 0
    assert all(0 <= (seconds_to_next_try(error, 1) or 0) <= 2 for _ in range(100))


@pytest.mark.parametrize("error", [RateLimited(retry_after=30), ServerTrouble(status=503, retry_after=30)])
def test_what_the_server_asks_for_wins(error: DexcomError) -> None:
    assert seconds_to_next_try(error, 4) == 30
    assert seconds_to_next_try(RateLimited(retry_after=7200), 1) == 3600


@pytest.mark.parametrize(
    "error",
    [
        BadRequest(),
        NotFound(),
        Unauthorized(),
        Forbidden(),
        TokenRefused(TokenRefusal.AMBIGUOUS),
        TokenRefused(TokenRefusal.UNRECOGNISED),
    ],
)
def test_what_another_try_cannot_help_is_not_tried_again(error: DexcomError) -> None:
    assert seconds_to_next_try(error, 1) is None


@pytest.mark.parametrize(("changes"), [{"oauth_version": "v1"}, {"base_url": "host"}, {"base_url": "https://host/"}])
def test_a_wrong_setting_is_refused(changes: dict[str, str]) -> None:
    described = {"region": "us", "base_url": BASE_URLS["us"], "client_id": "c", "redirect_uri": "r"}
    with pytest.raises(ValueError, match="Dexcom"):
        Application(**{**described, **changes}, client_secret="s")
