from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine

from tenancy.limits import LIMITS_SKIPPED, allow, clear, peek, retry_after
from tenancy.redis import limits_client

pytestmark = [pytest.mark.django_db, pytest.mark.promise(43)]


@pytest.fixture(autouse=True)
def three_a_minute(settings: Any) -> None:
    settings.RATE_LIMITS = {"sign_in": "3/minute", "reads": "3/minute"}


@pytest.fixture(params=["closed", "silent"])
def redis_away(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    """Connections are refused, or accepted and never answered."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "silent":
            listener.listen()
        settings.LIMITS_REDIS_URL = f"redis://127.0.0.1:{listener.getsockname()[1]}/2"
        limits_client.cache_clear()
        yield
    limits_client.cache_clear()


def reach(*key: object) -> float:
    assert [allow("sign_in", *key) for _ in range(3)] == [None] * 3
    wait = allow("sign_in", *key)
    assert wait is not None
    return wait


def test_the_one_beyond_the_figure_waits() -> None:
    assert 55 < reach("192.0.2.7") <= 60


def test_each_key_and_each_limit_counts_apart() -> None:
    reach("nurse@northside.example", "192.0.2.7")
    assert allow("sign_in", "nurse@northside.example", "192.0.2.8") is None
    assert allow("sign_in", "owner@northside.example", "192.0.2.7") is None
    assert allow("reads", "nurse@northside.example", "192.0.2.7") is None


def test_parts_of_a_key_do_not_run_into_each_other() -> None:
    reach("a", "bc")
    assert allow("sign_in", "ab", "c") is None


def test_looking_does_not_count() -> None:
    assert [peek("sign_in", "x") for _ in range(9)] == [None] * 9
    reach("x")
    assert peek("sign_in", "x") is not None


def test_what_is_cleared_begins_anew() -> None:
    reach("x")
    clear("sign_in", "x")
    reach("x")


def test_the_window_moves() -> None:
    """Two of the three leave it together with the time they were made at, not at the end of a fixed minute."""
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
        assert allow("sign_in", "x") is None
        clock.shift(40)
        assert [allow("sign_in", "x"), allow("sign_in", "x")] == [None, None]
        assert allow("sign_in", "x") == pytest.approx(20, abs=1)
        clock.shift(21)
        assert allow("sign_in", "x") is None
        assert allow("sign_in", "x") == pytest.approx(39, abs=1)


def test_only_as_many_of_many_at_once_pass() -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: allow("sign_in", "together"), range(40)))
    assert answers.count(None) == 3


@pytest.mark.usefixtures("redis_away")
def test_with_redis_away_the_process_counts() -> None:
    before = LIMITS_SKIPPED.labels("sign_in")._value.get()
    assert 55 < reach("x") <= 60
    clear("sign_in", "x")
    assert peek("sign_in", "x") is None
    assert LIMITS_SKIPPED.labels("sign_in")._value.get() - before == 6


def test_nobody_is_named_in_redis() -> None:
    reach("nurse@northside.example")
    keys = str(limits_client().keys("limits:*"))
    assert "limits:" in keys
    assert "nurse" not in keys


def test_an_unknown_limit_is_an_error() -> None:
    with pytest.raises(KeyError):
        allow("sing_in", "x")


@pytest.mark.parametrize(("wait", "header"), [(0.01, "1"), (1.0, "1"), (1.2, "2"), (59.9, "60")])
def test_the_header_is_never_early(wait: float, header: str) -> None:
    assert retry_after(wait) == header
