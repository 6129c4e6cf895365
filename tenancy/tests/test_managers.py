"""The second line: each statement names the organization, and the columns that divide are never rewritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Count, ProtectedError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from devices.models import Assignment, Device, DeviceKey
from patients.models import Patient
from readings.models import PatientState
from tenancy.managers import UnauditedWrite, audited_elsewhere
from tests.clinics import Clinic
from tests.isolation.sql import unnamed_tables

pytestmark = pytest.mark.django_db


@pytest.fixture
def captured(northside: Clinic) -> Any:
    """The statements of a test's work in its clinic; each must name the organization."""
    northside.store(101, 102, 103)
    with northside.scope(), CaptureQueriesContext(connection) as queries:
        yield queries
    statements = [query["sql"] for query in queries]
    assert statements
    assert [statement for statement in statements if unnamed_tables(statement)] == []


def last_statement(captured: CaptureQueriesContext) -> str:
    return str(captured[-1]["sql"])


def test_reading(captured: CaptureQueriesContext, northside: Clinic) -> None:
    patient = northside.patients[0]
    assert list(Patient.objects.filter(code=patient.code)) == [patient]
    assert Patient.objects.filter(pk=patient.pk).exists()
    assert Patient.objects.count() == 2
    assert Patient.objects.aggregate(number=Count("id")) == {"number": 2}
    assert list(Patient.objects.values_list("code", flat=True).order_by("code")) == ["user_5678", "user_9012"]
    patient.refresh_from_db()


def test_relations(captured: CaptureQueriesContext, northside: Clinic) -> None:
    (assignment,) = Assignment.objects.select_related("device", "patient").filter(patient=northside.patients[0])
    assert assignment.device == northside.devices[0]
    assert Assignment.objects.get(pk=assignment.pk).patient == northside.patients[0]
    assert northside.patients[0].assignments.get() == assignment
    assert list(Device.objects.filter(assignments__patient__code="user_5678")) == [northside.devices[0]]
    assert list(Device.objects.exclude(assignments__patient__code="user_5678")) == [northside.devices[1]]
    assert len(list(Patient.objects.prefetch_related("assignments__device"))) == 2
    assert PatientState.objects.select_related("patient", "device").get().glucose == 103


def test_sub_queries(captured: CaptureQueriesContext, northside: Clinic) -> None:
    assigned = Assignment.objects.filter(patient=northside.patients[0]).values("device_id")
    assert list(Device.objects.filter(pk__in=assigned)) == [northside.devices[0]]


def test_locking(captured: CaptureQueriesContext, northside: Clinic) -> None:
    assert Device.objects.select_for_update().get(pk=northside.devices[0].pk) == northside.devices[0]


def test_writing(captured: CaptureQueriesContext, northside: Clinic) -> None:
    device = northside.devices[0]
    device.name = "renamed"
    device.save()
    device.save(update_fields=["name"])
    with audited_elsewhere("a test"):
        assert Device.objects.filter(name="renamed").update(name="again") == 1
        Device.objects.bulk_update([device], ["name"])
    made = Device.objects.create(code="NEW_1")
    assert made.organization_id == northside.organization.id
    with audited_elsewhere("a test"):
        Device.objects.bulk_create([Device(code="NEW_2")], ignore_conflicts=True)
    assert Device.objects.get_or_create(code="NEW_3")[1]
    assert Device.objects.update_or_create(code="NEW_3", defaults={"name": "third"})[0].name == "third"


def test_an_update_never_writes_the_organization(captured: CaptureQueriesContext, northside: Clinic) -> None:
    """A distributed engine refuses to write the column that it is divided by, even with the same value."""
    northside.devices[0].save()

    assignments, _, condition = last_statement(captured).partition(" WHERE ")
    assert assignments.startswith("UPDATE")
    assert "organization_id" not in assignments
    assert "organization_id" in condition


def test_delete_names_the_organization_and_takes_one_statement(northside: Clinic) -> None:
    with northside.scope():
        spare = Device.objects.create(code="SPARE")
        with CaptureQueriesContext(connection) as queries, pytest.raises(DatabaseError), transaction.atomic():
            # The app role may not delete devices at all; what would be sent is what counts here.
            spare.delete()
        (statement,) = [query["sql"] for query in queries if query["sql"].startswith("DELETE")]
    assert unnamed_tables(statement) == ()


def test_delete_protects_what_is_referred_to(northside: Clinic) -> None:
    with northside.scope():
        with pytest.raises(ProtectedError):
            northside.devices[0].delete()
        with pytest.raises(ProtectedError):
            Patient.objects.all().delete()
        assert Patient.objects.count() == 2


def test_rows_of_another_clinic_are_not_found(northside: Clinic, southside: Clinic) -> None:
    with northside.scope():
        assert not Patient.objects.filter(pk=southside.patients[0].pk).exists()
        assert Patient.objects.filter(organization_id=southside.organization.id).count() == 0
        with audited_elsewhere("a test"):
            assert DeviceKey.objects.filter(pk__in=[0]).update(name="x") == 0


def test_a_stale_object_of_another_clinic_cannot_be_saved(northside: Clinic, southside: Clinic) -> None:
    stranger = southside.patients[0]
    with northside.scope():
        with pytest.raises(DatabaseError), transaction.atomic():
            stranger.save()
        with pytest.raises(Patient.DoesNotExist):
            stranger.refresh_from_db()
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Patient.objects.create(code="x1", first_name="a", last_name="b", organization=southside.organization)


def test_foreign_keys_cannot_point_into_another_clinic(northside: Clinic, southside: Clinic) -> None:
    """A plain foreign key would take the row, and tell by its error whether one exists."""
    with northside.scope():
        for patient_id in (southside.patients[0].pk, 2**60):
            with pytest.raises(IntegrityError, match="devices_assignment_patient_id_fk"), transaction.atomic():
                Assignment.objects.create(
                    device=Device.objects.create(code=f"D-{patient_id}"),
                    patient_id=patient_id,
                    starts_at=timezone.now(),
                )


def test_joins_pair_the_organization(northside: Clinic) -> None:
    with northside.scope():
        sql = str(Assignment.objects.select_related("patient").query)
    assert '"devices_assignment"."patient_id" = "patients_patient"."id"' in sql
    assert '"patients_patient"."organization_id" = ("devices_assignment"."organization_id")' in sql


def test_without_a_scope_nothing_is_added() -> None:
    """The database refuses then; sets that are only built, not asked, still work."""
    assert "WHERE" not in str(Patient.objects.all().query)
    assert list(Patient.objects.none()) == []


@pytest.mark.promise(56)
def test_bulk_writes_that_the_ledger_would_miss_are_refused(northside: Clinic) -> None:
    device = northside.devices[0]
    writes: list[Callable[[], Any]] = [
        lambda: Device.objects.filter(pk=device.pk).update(name="unseen"),
        lambda: Device.objects.bulk_create([Device(code="UNSEEN")]),
        lambda: Device.objects.bulk_update([device], ["name"]),
        lambda: device.keys.update(name="unseen"),
    ]
    with northside.scope():
        for write in writes:
            with pytest.raises(UnauditedWrite, match="audit ledger"):
                write()
        assert not Device.objects.filter(name="unseen").exists()
    with pytest.raises(ValueError, match="ledger"), audited_elsewhere(""):
        pass
