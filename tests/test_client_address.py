"""One address for the log, the ledger and the limits; nobody chooses it by a header."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory

from tenancy.addresses import client_address, limited_address

pytestmark = pytest.mark.promise(53)
SPOOFED = "198.51.100.1"
REAL = "192.0.2.7"


def asked(forwarded: str | None, peer: str = "10.0.0.1") -> Any:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)


@pytest.mark.parametrize("forwarded", [None, SPOOFED, f"{SPOOFED}, {REAL}", "x" * 4000])
def test_without_a_proxy_the_header_says_nothing(forwarded: str | None) -> None:
    assert client_address(asked(forwarded)) == "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "told"),
    [
        (1, f"{SPOOFED}, {REAL}", REAL),
        (1, REAL, REAL),
        (1, None, "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (2, f"{SPOOFED}, {REAL}, 10.0.0.2", REAL),
        (2, f"{SPOOFED},{SPOOFED},{REAL},10.0.0.2", REAL),
        (2, REAL, REAL),
        (1, f"{SPOOFED}, {REAL}:4711", REAL),
        (1, f"{SPOOFED}, [2001:db8::7]:4711", "2001:db8::7"),
        (1, f"{SPOOFED}, 2001:DB8:0::7", "2001:db8::7"),
        (1, f"{SPOOFED}, ::ffff:{REAL}", REAL),
        (1, f"{SPOOFED}, unknown", "10.0.0.1"),
        (1, f"{SPOOFED}, 1.2.3.4\nforged", "10.0.0.1"),
        (1, f"{SPOOFED}, <script>", "10.0.0.1"),
        (1, f"{SPOOFED}, fe80::7%eth0", "fe80::7"),
        (1, f"{SPOOFED}, fe80::7%\nforged", "fe80::7"),
    ],
)
def test_behind_proxies_their_own_word_counts(settings: Any, proxies: int, forwarded: str | None, told: str) -> None:
    settings.TRUST_PROXY, settings.PROXY_COUNT = True, proxies
    assert client_address(asked(forwarded)) == told


def test_a_socket_has_no_address() -> None:
    assert client_address(asked(None, peer="")) == ""


def test_limits_count_a_customers_whole_network() -> None:
    assert limited_address(asked(None, peer="2001:db8:1:2:3::4")) == "2001:db8:1:2::/64"
    assert limited_address(asked(None, peer=REAL)) == REAL


@pytest.mark.django_db
@pytest.mark.parametrize("trusted", [False, True])
def test_another_forged_address_is_no_fresh_budget(client: Client, settings: Any, trusted: bool) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "public": "3/minute"}
    settings.TRUST_PROXY = trusted
    answers = [
        client.get("/api/v1/system/version", headers={"X-Forwarded-For": f"198.51.100.{number}, {REAL}"})
        for number in range(4)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


@pytest.mark.django_db
def test_the_log_tells_the_real_address(client: Client, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.TRUST_PROXY = True
    for path in ("/api/v1/system/version", "/api/v1/users/me/glucose/current"):
        caplog.clear()
        client.get(path, headers={"X-Forwarded-For": f"{SPOOFED}, {REAL}"})
        assert f"'ip': '{REAL}'" in caplog.text
        assert SPOOFED not in caplog.text
