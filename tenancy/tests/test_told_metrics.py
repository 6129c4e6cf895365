from __future__ import annotations

import pytest
import redis
from prometheus_client import REGISTRY

from tenancy import told_metrics
from tenancy.redis import limits_client
from tenancy.told_metrics import ToldCounter, ToldHistogram, tell


@pytest.fixture
def own_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told_metrics, "_all", {})
    monkeypatch.setattr(told_metrics, "KEY", "told-metrics-of-a-test")
    limits_client().delete("told-metrics-of-a-test")


def test_what_a_worker_tells_is_what_a_scrape_shows(own_metrics: None) -> None:
    sent = ToldCounter("test_sent", "sent", ("kind",))
    took = ToldHistogram("test_took_seconds", "took", (1, 10))
    tell(sent.told("email"), took.told([0.5, 5, 50]))
    tell(sent.told("email", by=2))
    assert REGISTRY.get_sample_value("test_sent_total", {"kind": "email"}) == 3
    at_most = [REGISTRY.get_sample_value("test_took_seconds_bucket", {"le": bound}) for bound in ("1", "10", "+Inf")]
    assert at_most == [1, 2, 3]
    assert REGISTRY.get_sample_value("test_took_seconds_sum") == 55.5


def test_nothing_fails_while_valkey_is_away(own_metrics: None, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis.from_url("redis://127.0.0.1:1")
    monkeypatch.setattr(told_metrics, "limits_client", lambda: nowhere)
    sent = ToldCounter("test_lost", "lost")
    tell(sent.told())
    assert REGISTRY.get_sample_value("test_lost_total") is None
