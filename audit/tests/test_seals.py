"""The chain over the ledger: what it covers, and whom it names when somebody with the owner's rights changed it."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from audit.actions import Action
from audit.models import Entry, Seal
from audit.seals.due import organizations_with_unsealed_entries
from audit.seals.epochs import begin_new_epoch
from audit.seals.sealing import RestoredElsewhere
from audit.services import record
from audit.tests.ledgers import as_owner, ids, seal, verify, write
from glucose_platform.env import Keyring
from tests.clinics import Clinic

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"]), pytest.mark.promise(57)]

COLUMNS = """organization_id, id, at, xid, patient_id, count, epoch, ip, actor_kind, actor_id, actor_name, actor_role,
    action, object_type, object_id, session, request_id, reason, outcome, patient_ids, changes"""


@pytest.fixture
def sealed(northside: Clinic, southside: Clinic) -> Clinic:
    """Three seals of ours, one of the other clinic."""
    for _ in range(3):
        write(northside)
        seal(northside)
    seal(southside)
    assert verify(northside).faults == verify(southside).faults == []
    return northside


def test_every_finished_entry_is_sealed_once_and_the_chain_goes_on(sealed: Clinic) -> None:
    found = verify(sealed)
    with sealed.scope(), transaction.atomic():
        assert found.entries == Entry.objects.count() > 9
        seals = list(Seal.objects.order_by("number"))
    assert (found.seals, found.unsealed, found.faults) == (3, 0, [])
    assert bytes(seals[2].previous_head) == bytes(seals[1].head)
    assert verify(sealed, head=found.head).faults == []
    assert seal(sealed) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET reason = 'nothing'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "UPDATE audit_seal SET rows = 0",
        "DELETE FROM audit_seal",
        "TRUNCATE audit_seal",
    ],
)
def test_the_app_role_may_only_add(sealed: Clinic, statement: str) -> None:
    refused = pytest.raises(DatabaseError, match="permission denied")
    with sealed.scope(), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


ALTERATIONS = [
    "reason = 'another'",
    "actor_name = 'Somebody Else'",
    "patient_id = 1",
    "at = at - interval '1 second'",
    "count = 7",
    "outcome = 'denied'",
    "ip = '192.0.2.9'",
    """changes = '[["n", 1, 99]]'""",
    "patient_ids = '{1}'",
]


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_an_altered_entry_is_named(sealed: Clinic, alteration: str) -> None:
    altered = ids(sealed)[4]
    as_owner(f"UPDATE audit_entry SET {alteration} WHERE id = %s", altered)

    assert verify(sealed).faults == [f"Entry {altered} was altered after seal 2."]


def test_a_deleted_entry_is_named(sealed: Clinic) -> None:
    gone = ids(sealed)[7]
    as_owner("DELETE FROM audit_entry WHERE id = %s", gone)

    assert verify(sealed).faults == [f"Entry {gone} was deleted: seal 3 has it."]


def test_an_entry_that_was_slipped_in_is_named(sealed: Clinic) -> None:
    like = ids(sealed)[1]
    copied = COLUMNS.replace(" id,", " 999999999,", 1)
    as_owner(f"INSERT INTO audit_entry ({COLUMNS}) SELECT {copied} FROM audit_entry WHERE id = %s", like)

    (fault,) = verify(sealed).faults
    assert fault.startswith("Entry 999999999 was slipped in")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"epoch": "-3"}, "was slipped in: seal 1"),
        ({"epoch": "0", "xid": "-1"}, "was slipped in: seal 1"),
        ({"xid": "4611686018427387904"}, "still to come"),
        ({"epoch": "7"}, "still to come"),
    ],
)
def test_an_entry_beyond_the_reach_of_seals_is_named(sealed: Clinic, columns: dict[str, str], words: str) -> None:
    copied = COLUMNS.replace(" id,", " 999999999,", 1)
    for name, value in columns.items():
        copied = copied.replace(f" {name},", f" {value},", 1)
    as_owner(
        f"INSERT INTO audit_entry ({COLUMNS}) SELECT {copied} FROM audit_entry WHERE id = %s",
        ids(sealed)[1],
    )
    (fault,) = verify(sealed).faults
    assert fault.startswith("Entry 999999999 ")
    assert words in fault


@pytest.mark.parametrize("column", ["at", "epoch", "xid", "id"])
def test_the_app_role_does_not_choose_where_an_entry_stands(sealed: Clinic, column: str) -> None:
    refused = pytest.raises(DatabaseError, match="permission denied")
    with sealed.scope(), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO audit_entry ({column}) SELECT NULL")


def test_the_function_for_accounts_writes_of_accounts_only(sealed: Clinic) -> None:
    """It reaches every clinic of a person: nobody forges there that somebody looked at a patient."""
    asked = "SELECT audit_record_for_person(%s, 'person', '', '', '', %s, %s, '', NULL, '', '', '', 'done', 1)"
    for action, kind in (("read", "accounts.user"), ("login_failed", "patients.patient")):
        with pytest.raises(DatabaseError, match="does not write"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(asked, [uuid4(), action, kind])


def test_seals_that_were_altered_or_removed_are_named(sealed: Clinic, southside: Clinic) -> None:
    organization = sealed.organization.id
    as_owner("UPDATE audit_seal SET rows = rows + 1 WHERE organization_id = %s AND number = 3", organization)
    assert any("Seal 3 was altered: its signature" in fault for fault in verify(sealed).faults)

    as_owner("DELETE FROM audit_seal WHERE organization_id = %s AND number = 2", organization)
    assert "Seal 2 is missing." in verify(sealed).faults
    assert verify(southside).faults == []


def test_a_tail_that_was_cut_off_shows_by_the_published_head(sealed: Clinic) -> None:
    published = verify(sealed).head
    cut = ids(sealed)[6]
    as_owner("DELETE FROM audit_seal WHERE organization_id = %s AND number = 3", sealed.organization.id)
    as_owner("DELETE FROM audit_entry WHERE organization_id = %s AND id >= %s", sealed.organization.id, cut)

    assert verify(sealed).faults == []
    (fault,) = verify(sealed, head=published).faults
    assert published in fault


def test_a_seal_of_an_unknown_key_and_a_rotated_key(sealed: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = settings.AUDIT_SIGNING_KEYS
    rotated = Keyring("next", {**ring.keys, "next": bytes(range(32))})
    monkeypatch.setattr(settings, "AUDIT_SIGNING_KEYS", rotated)
    write(sealed)
    assert seal(sealed)[0].key_name == "next"
    assert verify(sealed).faults == []

    monkeypatch.setattr(settings, "AUDIT_SIGNING_KEYS", Keyring("next", {"next": rotated.active_key}))
    assert all("no longer has the key" in fault for fault in verify(sealed).faults)
    assert len(verify(sealed).faults) == 3


@pytest.mark.slow
def test_six_writers_with_rollbacks_leave_each_entry_sealed_once(northside: Clinic) -> None:
    """Ids are drawn in one order and committed in another, while seals are made in between."""
    done = threading.Event()

    def writer(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(60):
                with suppress(LookupError), northside.scope(), transaction.atomic():
                    record(action=Action.READ, object_type="test.row", object_id=str(seed))
                    if chance.random() < 0.1:
                        raise LookupError
                    record(action=Action.READ, object_type="test.row", object_id=str(seed))
        finally:
            connection.close()

    def sealer() -> None:
        try:
            while not done.is_set():
                seal(northside)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        sealers = [pool.submit(sealer) for _ in range(2)]
        for future in [pool.submit(writer, seed) for seed in range(6)]:
            future.result()
        done.set()
        for future in sealers:
            future.result()
    seal(northside)

    found = verify(northside)
    with northside.scope(), transaction.atomic():
        sealed_ids = [number for seal in Seal.objects.all() for number in seal.entry_ids]
        written = set(Entry.objects.values_list("id", flat=True))
    assert found.faults == []
    assert found.seals > 3
    assert sorted(sealed_ids) == sorted(written)
    assert len(written) > 600


def test_an_entry_of_a_running_transaction_waits_for_its_end(northside: Clinic) -> None:
    seal(northside)
    inside, proceed = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with northside.scope(), transaction.atomic():
                record(action=Action.READ, object_type="test.row", object_id="slow")
                inside.set()
                assert proceed.wait(30)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow)
        assert inside.wait(30)
        write(northside, 1)
        assert seal(northside) == []
        proceed.set()
        running.result()
    assert seal(northside)[0].rows == 2
    assert verify(northside).unsealed == 0


def test_due_clinics_are_told_by_id(northside: Clinic, southside: Clinic) -> None:
    both = {northside.organization.id, southside.organization.id}
    assert set(organizations_with_unsealed_entries()) == both
    seal(northside)
    assert organizations_with_unsealed_entries() == [southside.organization.id]


def test_after_a_restore_elsewhere_sealing_asks_for_a_new_epoch(sealed: Clinic) -> None:
    """The former server's transactions had far higher numbers."""
    as_owner("UPDATE audit_seal SET upto_xid = upto_xid + 1000000000 WHERE number = 3")
    as_owner("UPDATE audit_entry SET xid = xid + 1000000000 WHERE id = ANY (%s)", ids(sealed)[6:])
    write(sealed, 2)
    with pytest.raises(RestoredElsewhere, match="new-epoch"):
        seal(sealed)

    try:
        assert begin_new_epoch() == 2
        write(sealed, 2)
        assert [made.rows for made in seal(sealed)] == [4]
        assert verify(sealed).unsealed == 0
    finally:
        as_owner("ALTER TABLE audit_entry ALTER COLUMN epoch SET DEFAULT 1")
