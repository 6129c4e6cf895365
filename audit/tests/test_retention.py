from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from accounts.organizations import change_organization
from audit.models import Entry
from audit.seals.retention import drop_empty_months, remove_expired_entries
from audit.tests.ledgers import as_owner, ids, seal, verify, write
from tests.clinics import Clinic

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"]), pytest.mark.promise(57)]

AGE = 500
OLD_MONTH = f"(date_trunc('month', now() - interval '{AGE} days'))"


@pytest.fixture
def aged(northside: Clinic, southside: Clinic) -> Iterator[Clinic]:
    """Two clinics with a first seal of 500 days ago and a second one of today; ours keeps a year, the other six."""
    ((name, upto),) = as_owner(
        f"""SELECT to_char({OLD_MONTH}, '"audit_entry_y"YYYY"m"MM'), {OLD_MONTH} + interval '2 months'"""
    )
    as_owner(f"CREATE TABLE {name} PARTITION OF audit_entry FOR VALUES FROM (MINVALUE) TO ('{upto}')")
    for clinic in (northside, southside):
        write(clinic)
    as_owner(f"UPDATE audit_entry SET at = at - interval '{AGE} days'")
    for clinic in (northside, southside):
        seal(clinic)
        write(clinic)
        seal(clinic)
    with northside.scope():
        change_organization(changes={"audit_retention_days": 365})
    yield northside
    as_owner(f"DROP TABLE IF EXISTS {name}")


def remove(clinic: Clinic) -> int:
    with clinic.scope():
        return remove_expired_entries()


def test_whole_seals_go_after_the_clinics_own_time_and_the_chain_holds(aged: Clinic, southside: Clinic) -> None:
    kept = ids(aged)[3:]
    assert remove(aged) > 3
    assert remove(aged) == remove(southside) == 0

    assert ids(aged) == kept
    assert len(ids(southside)) == 6
    found = verify(aged)
    # Unsealed: the change of the time, and the removal.
    assert (found.faults, found.seals, found.unsealed) == ([], 2, 2)
    assert found.expired > 3
    with aged.scope(), transaction.atomic():
        assert Entry.objects.get(action="expire").count == found.expired
    assert verify(southside).faults == []


def test_no_setting_makes_it_shorter_than_a_year(aged: Clinic) -> None:
    as_owner("UPDATE tenancy_organization SET audit_retention_days = 1")
    write(aged)
    seal(aged)
    as_owner("UPDATE audit_seal SET last_at = now() - interval '364 days' WHERE number = 2")

    remove(aged)
    assert len(ids(aged)) == 6


def test_a_seal_that_was_marked_as_expired_before_its_time_is_named(aged: Clinic) -> None:
    organization = aged.organization.id
    as_owner("DELETE FROM audit_entry WHERE organization_id = %s AND id = ANY (%s)", organization, ids(aged)[3:])
    for days in (365, 0):
        as_owner(
            "UPDATE audit_seal SET expired_at = now(), expired_after_days = %s "
            "WHERE organization_id = %s AND number = 2",
            *(days, organization),
        )
        assert any("Seal 2 was marked as expired before its time" in fault for fault in verify(aged).faults)


def test_what_went_by_the_time_of_then_is_no_fault_when_the_clinic_keeps_more(aged: Clinic) -> None:
    assert remove(aged) > 3
    with aged.scope():
        change_organization(changes={"audit_retention_days": 2192})
    assert verify(aged).faults == []


@pytest.mark.parametrize("is_set_back", [True, False])
def test_a_time_that_the_clinic_never_set_is_named(aged: Clinic, is_set_back: bool) -> None:
    with aged.scope():
        change_organization(changes={"audit_retention_days": 2192})
    as_owner("UPDATE tenancy_organization SET audit_retention_days = 365")
    assert remove(aged) > 3
    if is_set_back:
        as_owner("UPDATE tenancy_organization SET audit_retention_days = 2192")
    (fault,) = verify(aged).faults
    assert "by a retention of 365 days, and the clinic's was 2192 days" in fault


def test_without_a_word_of_the_ledger_the_present_time_counts(southside: Clinic, aged: Clinic) -> None:
    as_owner("UPDATE tenancy_organization SET audit_retention_days = 365")
    assert remove(southside) > 3
    as_owner("UPDATE tenancy_organization SET audit_retention_days = 2192")
    (fault,) = verify(southside).faults
    assert "the clinic's was 2192 days" in fault


def test_an_entry_that_stands_where_all_have_gone_is_named(aged: Clinic) -> None:
    stays = ids(aged)[0]
    as_owner(
        "UPDATE audit_seal SET expired_at = now(), expired_after_days = 365 WHERE organization_id = %s AND number = 1",
        aged.organization.id,
    )
    assert any(fault.startswith(f"Entry {stays} was slipped in") for fault in verify(aged).faults)


def test_months_go_when_nothing_is_left_in_them(aged: Clinic, southside: Clinic) -> None:
    assert drop_empty_months() == 0
    as_owner("UPDATE tenancy_organization SET audit_retention_days = 365")
    remove(aged)
    remove(southside)
    assert drop_empty_months() == 1
