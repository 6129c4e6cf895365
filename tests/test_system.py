from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis
from django.db import connection
from django.test import Client
from django.utils.dateparse import parse_datetime

from glucose_platform import system
from tenancy.heartbeat import KEY, worker_heartbeat
from tenancy.redis import limits_client
from tests.clinics import Clinic
from tests.live import running_server


@pytest.fixture
def without_database(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nonexistent")
    yield
    connection.close()


@pytest.mark.parametrize("path", ["/health", "/api/v1/health"])
def test_health_answers_without_looking_at_anything(client: Client, path: str, without_database: None) -> None:
    client.cookies["session"] = "of-somebody-who-was-signed-in-once"
    answer = client.get(path, headers={"Authorization": "Bearer nonsense", "Accept": "text/html"})
    body = answer.json()
    assert answer.status_code == 200
    assert parse_datetime(body.pop("timestamp")) is not None
    assert body == {"status": "OK", "service": "Glucose Platform", "version": "0.1.0"}


def test_the_root_tells_where_things_are_and_sends_a_browser_to_the_admin(client: Client, db: None) -> None:
    body = client.get("/").json()
    assert body["endpoints"] == {"health": "/health", "docs": "/docs", "redoc": "/redoc", "api": "/api/v1"}
    browser = client.get("/", headers={"Accept": "text/html,application/xhtml+xml;q=0.9"})
    assert (browser.status_code, browser.headers["Location"]) == (302, "/admin/")


def test_ready_with_a_worker(client: Client, db: None) -> None:
    worker_heartbeat()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "OK", "failing": []})


def test_not_ready_without_a_worker(client: Client, db: None) -> None:
    limits_client().delete(KEY)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["worker"])


def test_not_ready_when_months_run_out(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    worker_heartbeat()
    monkeypatch.setattr(system, "PARTITION_HEADROOM_DAYS", 400)
    assert client.get("/readyz").json()["failing"] == ["partitions"]


def test_not_ready_without_valkey(client: Client, db: None, settings) -> None:
    limits_client.cache_clear()
    settings.LIMITS_REDIS_URL = "redis://127.0.0.1:1"
    try:
        assert client.get("/readyz").json()["failing"] == ["redis", "worker"]
        with pytest.raises(redis.RedisError):
            limits_client().ping()
    finally:
        limits_client.cache_clear()


def test_not_ready_without_the_database(client: Client, without_database: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["database"])


@pytest.mark.django_db
def test_not_ready_where_the_data_plane_does_not_reach_its_database(live_url: str) -> None:
    """Its connections and its role are its own: Django's may be well."""
    nowhere = {"DATABASE_EDGE_URL": "postgresql://glucose_edge@127.0.0.1:1/nowhere"}
    with running_server(environment=nowhere) as address:
        answer = httpx.get(f"{address}/readyz", timeout=30)
    assert (answer.status_code, "data plane" in answer.json()["failing"]) == (503, True)
    assert "data plane" not in httpx.get(f"{live_url}/readyz", timeout=30).json()["failing"]


@pytest.mark.promise(45)
def test_everything_else_says_that_the_database_is_away(
    client: Client, northside: Clinic, without_database: None
) -> None:
    for path in ("/api/v1/auth/me", "/admin/login/"):
        answer = client.get(path, headers={"X-API-Key": northside.device_key})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "not available" in answer.json()["detail"]


def test_metrics_name_routes_and_never_paths(client: Client, db: None) -> None:
    client.get("/api/v1/users/user_of_the_metrics_test/glucose/current")
    text = client.get("/metrics").content.decode()
    assert "glucose_requests_total" in text
    assert "user_of_the_metrics_test" not in text


def test_metrics_do_not_grow_with_methods_that_a_client_makes_up(client: Client, db: None) -> None:
    assert client.generic("MADEUP", "/health").status_code == 405
    text = client.get("/metrics").content.decode()
    assert "MADEUP" not in text
    assert 'method="other"' in text


@pytest.mark.promise(59)
def test_metrics_from_beyond_loopback_need_the_token(client: Client, db: None, settings) -> None:
    away: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/metrics", **away).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    settings.TRUST_PROXY = True
    assert client.get("/metrics").status_code == 403
    settings.METRICS_TOKEN = "scrape-token"
    assert client.get("/metrics", headers={"Authorization": "Bearer scrape-token"}, **away).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer other"}, **away).status_code == 403


def test_metrics_tell_of_queues_workers_months_and_pools(client: Client, db: None) -> None:
    worker_heartbeat()
    text = client.get("/metrics").content.decode()
    for line in (
        'glucose_up{part="database"} 1.0',
        'glucose_up{part="redis"} 1.0',
        'glucose_queue_depth{queue="celery"}',
        "glucose_worker_heartbeat_seconds 0.",
        'glucose_partition_headroom_days{table="readings"}',
        'glucose_web_pool{what="open"}',
    ):
        assert line in text


def test_metrics_say_which_part_is_away(client: Client, without_database: None) -> None:
    text = client.get("/metrics").content.decode()
    assert 'glucose_up{part="database"} 0.0' in text
    assert "glucose_partition_headroom_days{" not in text


def test_staff_see_the_figures_of_the_process(northside: Clinic) -> None:
    figures = northside.api("nurse").get("/api/v1/system/metrics").json()
    assert set(figures) == {"uptime", "memory_usage", "cpu_usage", "active_connections", "requests_per_minute"}
    assert 10 < figures["memory_usage"] < 10_000
    assert figures["requests_per_minute"] >= 0
