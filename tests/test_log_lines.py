"""What reaches the stream that operators collect: through the handler and the formatter that the settings make."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from celery import shared_task
from django.db import DataError, connection, transaction
from django.test import Client

from accounts.models import User
from accounts.services import set_password_link
from audit.seals import publishing
from glucose_platform.celery import app
from glucose_platform.log_scrubbing import without_secrets
from glucose_platform.logs import configure
from tests.clinics import Clinic

pytestmark = pytest.mark.promise(55)
CANARY = "Canary-Surname"


@pytest.fixture(params=[True, False], ids=["json", "console"])
def written(request: pytest.FixtureRequest, settings: Any) -> Iterator[Callable[[], str]]:
    """All that was written so far, in production's form and in development's."""
    root = logging.getLogger()
    former = root.handlers[:], root.level
    configure({"level": "INFO", "json": request.param, "messages": False})
    stream = io.StringIO()
    (handler,) = [one for one in root.handlers if type(one) is logging.StreamHandler]
    handler.setStream(stream)
    yield stream.getvalue
    configure(settings.LOGGING)
    root.handlers[:], root.level = former


@pytest.mark.promise(28)
@pytest.mark.parametrize(
    "secret",
    [
        "glp_0123456789AB_0123456789abcdefghijklmnopqrstuvwxyzABCDEF",  # secret-scan: allow made up
        "glr_2f0c1.7.c2lnbmF0dXJl-_x",
        "gli_c2lnbmF0dXJl-_x0123456789abcdefghijklmnopqr",  # secret-scan: allow made up
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln_bmF0-dXJl",  # secret-scan: allow made up
        "nurse.o'neill+ward@northside.example",
        "https://glucose.example/account/set-password/MQ/c0ffee-0123456789abcdef/",
        "https://glucose.example/x?token=abc123&code=s3cr3t",
        "Authorization: Bearer opaque-credential",
        "X-API-Key: opaque-credential",
        "postgresql://glucose_app:opaque-credential@db.internal/glucose",  # secret-scan: allow made up
        "redis://:opaque-credential@cache:6379",  # secret-scan: allow made up
        '{"email": "x", "password": "opaque credential"}',
        "password=opaque-credential",
    ],
)
def test_secrets_are_hidden_wherever_they_stand(written: Callable[[], str], secret: str) -> None:
    telling = [secret] if "opaque" not in secret else ["opaque"]
    telling += [part for part in ("c0ffee", "abc123", "s3cr3t", "northside.example", "c2ln") if part in secret]
    log = structlog.get_logger("somebody")
    log.info(f"in the event {secret} of it", field=secret, nested={"deep": [secret]}, **{f"field {secret}": 1})
    logging.getLogger("a.library").warning("formatted %s and %r", secret, [secret])
    assert [part for part in telling if part in written()] == []
    assert written().count("[hidden]") >= 5


@pytest.mark.parametrize(
    "text", ["GET api/v1/keys/<str:keyId>", "code=200", "celery@worker-1 ready", "a / b @ c", "eyJ"]
)
def test_ordinary_words_stay(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize("mark", ["\n", "\r", "\r\n", "\x0b", "\x85", "\u2028", "\x1b[2K"])
def test_no_field_begins_a_line(written: Callable[[], str], mark: str) -> None:
    forged = f"x{mark}2026-01-01T00:00:00Z [critical ] forged"
    log = structlog.get_logger("somebody")
    log.info(forged, field=forged, nested={"deep": [forged]}, **{forged: "key"})
    logging.getLogger("a.library").warning("library %s", forged)
    lines = written().splitlines()
    assert len(lines) == 2
    assert "forged" in lines[0]
    assert "forged" in lines[1]
    assert "\x1b" not in written()


def test_an_exception_tells_where_and_not_what(written: Callable[[], str]) -> None:
    try:
        try:
            int(CANARY)
        except ValueError as error:
            raise RuntimeError(f"the row of {CANARY}\nforged line") from error
    except RuntimeError:
        structlog.get_logger("somebody").exception("it_failed")
        logging.getLogger("a.library").exception("it failed")
    assert CANARY not in written()
    assert "forged" not in written()
    assert written().count("builtins.RuntimeError: [hidden]") == 2
    assert written().count("builtins.ValueError: [hidden]") == 2
    assert "test_log_lines.py" in written()


def test_a_failing_connection_is_told(written: Callable[[], str]) -> None:
    try:
        raise ConnectionRefusedError("nobody listens\non port 5432")
    except ConnectionRefusedError:
        structlog.get_logger("somebody").exception("it_failed")
    assert "nobody listens" in written()
    assert [line for line in written().splitlines() if line.startswith("on port")] == []


@pytest.mark.django_db
def test_a_value_that_the_database_refuses_is_not_told(northside: Clinic, written: Callable[[], str]) -> None:
    """PostgreSQL's messages repeat values, and whole rows."""
    with (
        pytest.raises(DataError, match=CANARY) as caught,
        northside.scope(),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT %s::text::bigint", [CANARY])
    logging.getLogger("a.library").error("it failed", exc_info=caught.value)
    assert "DataError" in written()
    assert CANARY not in written()


def test_celery_tells_neither_arguments_nor_results(written: Callable[[], str]) -> None:
    @shared_task(name="tests.failing", bind=True, max_retries=1)
    def failing(self: Any, name: str, *, retry: bool = False) -> str:
        if retry:
            raise self.retry(exc=ValueError(name), countdown=0)
        raise ValueError(name)

    @shared_task(name="tests.telling")
    def telling(name: str) -> str:
        return name

    try:
        for task, keywords in ((failing, {}), (failing, {"retry": True}), (telling, {})):
            task.apply(args=(CANARY,), kwargs=keywords)
    finally:
        for name in ("tests.failing", "tests.telling"):
            app.tasks.pop(name, None)
    assert "tests.failing" in written()
    assert "tests.telling" in written()
    assert CANARY not in written()


@pytest.mark.django_db
@pytest.mark.promise(54)
def test_a_request_leaves_no_secret_in_any_line(northside: Clinic, written: Callable[[], str]) -> None:
    """The journey of one that fails: addresses, headers, bodies, and the exception of a fault of ours."""
    user = User.objects.get_by_natural_key(northside.people["nurse"].email)
    link = set_password_link(user=user).partition("://")[2].partition("/")[2]
    token = northside.access_token("nurse")
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {token}"})
    client.get(f"/{link}")
    client.get("/api/v1/patients", {"search": CANARY})
    client.post("/api/v1/patients", {"firstName": CANARY}, content_type="application/json")
    client.get("/api/v1/patients", headers={"X-Request-ID": f"x\n{CANARY}"})
    client.get(f"/admin/{CANARY}/?q={CANARY}")
    northside.device_api().get(f"/api/v1/devices/{CANARY}/readings")
    text = written()
    assert text.count("request_finished") >= 6
    for hidden in (CANARY, token, northside.device_key, link, user.email, "First", "Nurse"):
        assert hidden not in text


@pytest.mark.promise(57)
def test_no_level_of_the_log_hides_the_ledgers_heads(settings: Any) -> None:
    root = logging.getLogger()
    former = root.handlers[:], root.level
    configure({"level": "CRITICAL", "json": True, "messages": False})
    stream = io.StringIO()
    (handler,) = [one for one in root.handlers if type(one) is logging.StreamHandler]
    handler.setStream(stream)
    try:
        structlog.get_logger(publishing.__name__).info("audit_head", head="0af1")
        structlog.get_logger("somebody").info("another")
    finally:
        configure(settings.LOGGING)
        root.handlers[:], root.level = former
    assert "0af1" in stream.getvalue()
    assert "another" not in stream.getvalue()


def test_lines_of_production_are_json(written: Callable[[], str], request: pytest.FixtureRequest) -> None:
    structlog.get_logger("somebody").warning("an_event", field='"quoted"\n{"level": "critical"}')
    if "json" in request.node.callspec.id:
        (line,) = written().splitlines()
        assert json.loads(line)["level"] == "warning"


def test_the_web_servers_own_lines_go_the_same_way(written: Callable[[], str]) -> None:
    """Its handlers exist before ours: the settings are read in its worker."""
    server = logging.getLogger("_granian")
    assert server.handlers == []
    server.error("Application callable raised an exception for %s", "nurse@northside.example")
    assert "Application callable" in written()
    assert "northside" not in written()
