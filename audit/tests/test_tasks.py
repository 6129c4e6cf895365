from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import transaction
from structlog.testing import capture_logs

from audit import tasks
from audit.models import Seal
from audit.partitions import covered_until, ensure_months
from audit.tests.ledgers import as_owner, verify, write
from glucose_platform.celery import app
from glucose_platform.env import Keyring
from tests.clinics import Clinic

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"]), pytest.mark.promise(57)]


@pytest.fixture(autouse=True)
def tasks_run_at_once() -> Iterator[None]:
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager = app.conf.task_eager_propagates = False


def test_every_clinic_is_sealed_and_its_head_published(northside: Clinic, southside: Clinic) -> None:
    write(northside)
    with capture_logs() as lines:
        tasks.seal()

    heads = {line["organization"]: line["head"] for line in lines if line["event"] == "audit_head"}
    assert heads == {clinic.organization.code: verify(clinic).head for clinic in (northside, southside)}


def test_heads_are_published_while_the_broker_is_away(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    app.conf.task_always_eager = False
    with socket.socket() as unheard:
        # Bound, and nobody listens.
        unheard.bind(("127.0.0.1", 0))
        monkeypatch.setattr(app.conf, "broker_write_url", f"redis://127.0.0.1:{unheard.getsockname()[1]}/0")
        with capture_logs() as lines:
            tasks.seal()

    assert "task_not_sent" in [line["event"] for line in lines]
    assert verify(northside).head in [line["head"] for line in lines if line["event"] == "audit_head"]


def test_one_clinic_that_fails_does_not_stop_the_rest(northside: Clinic, southside: Clinic) -> None:
    """A seal from another server, as after a restore that nobody finished."""
    tasks.seal()
    as_owner(
        "UPDATE audit_seal SET upto_xid = upto_xid + 1000000000 WHERE organization_id = %s", northside.organization.id
    )
    as_owner("UPDATE audit_entry SET epoch = 2 WHERE organization_id = %s", northside.organization.id)
    write(southside)
    with capture_logs() as lines:
        tasks.seal()

    failed = [line["organization"] for line in lines if line["event"] == "audit_not_sealed"]
    assert failed == [northside.organization.id]
    assert verify(southside).unsealed == 0


def test_seals_name_the_key_of_the_settings(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "AUDIT_SIGNING_KEYS", Keyring("newest", {"newest": bytes(32)}))
    tasks.seal()
    with northside.scope(), transaction.atomic():
        assert Seal.objects.get().key_name == "newest"


def test_months_ahead_are_made() -> None:
    before = covered_until()
    try:
        assert ensure_months(ahead=4) == 1
        assert covered_until() > before
        tasks.keep_months()
        assert ensure_months(ahead=4) == 0
    finally:
        as_owner(f"DROP TABLE audit_entry_y{before:%Y}m{before:%m}")


def test_retention_and_looks_run_for_every_clinic(northside: Clinic, southside: Clinic) -> None:
    write(northside)
    tasks.remove_expired()
    tasks.add_covered_looks()
    assert verify(northside).unsealed > 3
