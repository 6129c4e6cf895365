from __future__ import annotations

import os
import signal

import pytest
import redis
from celery import Celery

from glucose_platform import embedded
from glucose_platform.embedded.processes import alive, wait_until
from glucose_platform.redis_urls import redis_url_for
from tests.embedded.helpers import servers


def test_a_second_start_does_not_run_a_second_server_and_data_survive_a_kill(state_dir):
    url = embedded.start(state_dir, database=False).environment()["REDIS_URL"]
    client = redis.Redis.from_url(url)
    for number in range(500):
        client.set(f"key {number}", number)
    _, valkey = servers(state_dir)
    (pid,) = valkey.pids()
    embedded.start(state_dir, database=False)
    assert valkey.pids() == {pid}

    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not alive(pid), 10)
    embedded.start(state_dir, database=False)
    assert len(valkey.pids()) == 1
    assert client.dbsize() == 500


def test_it_refuses_strangers_and_keeps_what_a_broker_needs(state_dir):
    url = embedded.start(state_dir, database=False).environment()["REDIS_URL"]
    client = redis.Redis.from_url(url)
    settings = {name: client.config_get(name)[name] for name in ("maxmemory-policy", "appendonly", "port")}
    assert settings == {"maxmemory-policy": "noeviction", "appendonly": "yes", "port": "0"}
    _, valkey = servers(state_dir)
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(unix_socket_path=str(valkey.socket)).ping()


# Celery's own result back end calls it.
@pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")
def test_celery_and_clients_use_the_socket_with_databases_of_their_own(state_dir):
    base = embedded.start(state_dir, database=False).environment()["REDIS_URL"]
    celery_url = redis_url_for(base, 0, "celery")
    # Not the current one: the platform's tasks would go to this server in every later test.
    app = Celery("test", broker=celery_url, backend=celery_url, set_as_current=False)
    app.send_task("a.task", task_id="one")
    with app.connection_for_read() as connection:
        message = connection.SimpleQueue("celery").get(timeout=10)
    assert message.headers["id"] == "one"
    message.ack()
    app.backend.store_result("one", 42, "SUCCESS")
    assert app.AsyncResult("one").get(timeout=10) == 42
    assert redis.Redis.from_url(redis_url_for(base, 1, "client")).dbsize() == 0
    assert redis.Redis.from_url(redis_url_for(base, 0, "client")).dbsize() > 0


@pytest.mark.parametrize(
    ("base", "scheme", "expected"),
    [
        ("redis://:p@h:6380/0", "celery", "redis://:p@h:6380/2"),
        ("redis://h", "client", "redis://h/2"),
        ("rediss://h/5?ssl_cert_reqs=required&db=4", "client", "rediss://h/2?ssl_cert_reqs=required"),
        ("unix://:p@/run/a%20b.sock?db=0", "client", "unix://:p@/run/a%20b.sock?db=2"),
        ("unix://:p@/run/v.sock", "celery", "redis+socket://:p@/run/v.sock?virtual_host=2"),
        ("redis+socket://:p@/run/v.sock?virtual_host=1", "client", "unix://:p@/run/v.sock?db=2"),
    ],
)
def test_one_address_serves_several_databases(base, scheme, expected):
    assert redis_url_for(base, 2, scheme) == expected


def test_an_address_that_is_not_redis_is_refused():
    with pytest.raises(ValueError, match="must start with redis://"):
        redis_url_for("http://cache.example", 0, "client")
