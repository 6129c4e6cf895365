"""Help for tests of the sync: a clinic's patient connected to a user of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.test import override_settings

from accounts.models import Membership
from dexcom_sync.applications import client_of, limiter_of
from dexcom_sync.limiter import Lane
from dexcom_sync.models import Connection, Egv
from dexcom_sync.sandbox.world import CLIENT_ID, CLIENT_SECRET
from dexcom_sync.services import connecting
from dexcom_sync.sync.backfill import backfill
from dexcom_sync.sync.claims import claim_backfill, claim_one
from dexcom_sync.sync.cycle import sync
from dexcom_sync.sync.reading import Outcome
from dexcom_sync.sync.session import Session
from tests.clinics import Clinic
from tests.dexcom import CALLBACK, DexcomSandbox


@contextmanager
def sandbox_settings(sandbox: DexcomSandbox, **settings: Any) -> Iterator[None]:
    application = {"sandbox": (CLIENT_ID, CLIENT_SECRET)}
    with override_settings(
        DEXCOM_APPLICATIONS=application,
        DEXCOM_SANDBOX_URL=sandbox.url,
        DEXCOM_REDIRECT_URI=CALLBACK,
        **settings,
    ):
        yield


def connect(clinic: Clinic, sandbox: DexcomSandbox, user: str, *, patient: int = 0) -> Connection:
    """Through Dexcom's page, as the patient does."""
    with clinic.scope():
        member = _member(clinic)
        _, url = connecting.begin(
            patient=clinic.patients[patient], member=member, region="sandbox", session_key="browser"
        )
        code = sandbox.code(user)
        connection, _ = connecting.finish(state=_state(url), code=code, member=member, session_key="browser")
        return connection


def run_sync(clinic: Clinic, connection: Connection, *, lane: Lane = Lane.HOT) -> Outcome:
    with clinic.scope():
        claimed = claim_one(connection.pk)
        assert claimed is not None
        return sync(session(claimed, lane))


def run_backfill(clinic: Clinic, *, seconds: float = 600) -> Outcome:
    with clinic.scope():
        claimed = claim_backfill()
        assert claimed is not None
        return backfill(session(claimed, Lane.BACKFILL), seconds=seconds)


def session(connection: Connection, lane: Lane) -> Session:
    return Session(connection, client_of(connection.region), limiter_of(connection.region), lane=lane, sleep=_no_sleep)


def fresh(clinic: Clinic, connection: Connection) -> Connection:
    with clinic.scope(), transaction.atomic():
        found: Connection = Connection.objects.get(pk=connection.pk)
        return found


def stored_ids(clinic: Clinic, model: Any = Egv) -> set[str]:
    with clinic.scope(), transaction.atomic():
        return set(model.objects.values_list("record_id", flat=True))


def _member(clinic: Clinic) -> Membership:
    with transaction.atomic():
        found: Membership = Membership.objects.order_by("id").first()
        return found


def _state(url: str) -> str:
    from urllib.parse import parse_qs, urlsplit

    return parse_qs(urlsplit(url).query)["state"][0]


def _no_sleep(seconds: float) -> None:
    return
