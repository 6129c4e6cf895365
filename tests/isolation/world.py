"""Two clinics that a matrix of requests runs over: shared codes, codes that only one has, a canary in every text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import connection, connections, models, transaction

from accounts.models import Invitation, Membership, RefreshFamily, RemovalRequest, SupportAccess
from accounts.tokens import start_family
from alerts.models import Channel, Contact, Delivery, Episode, PatientRule, RuleGroup
from devices.commands.models import CommandTemplate, DeviceCommand
from devices.models import Assignment, Device, DeviceKey
from devices.provisioning.models import ClaimCode
from devices.services import assign_device, issue_key, register_device
from dexcom_sync.models import Connection
from patients.models import Admission, Consent, EmergencyAccess, HistoryAmendment, HistoryEntry, Patient
from patients.services import create_patient
from readings.models import ImportJob
from readings.rows import ReadingRow
from readings.services import store_readings
from reports.models import ReportBatch, SavedView
from tenancy.models import TenantModel
from tests.clinic_people import add_second_patient
from tests.clinic_rows import add_rows_everywhere
from tests.clinics import ASSIGNED_SINCE, PASSWORD, SECOND_PATIENT, Clinic, make_clinic
from tests.isolation.reviewed import TENANT_TABLES, patient_column
from vitals.models import Activity, Goal, HealthScore, Measurement

# Texts that the platform reads as something else: a canary there would be refused, or would break the row.
NOT_TEXT = {"code", "timezone", "email", "mac_address", "serial_number", "prefix", "revoked_because"}


@dataclass(frozen=True)
class Target:
    """Rows that a request names: their identifiers by the parameters' names, and what only these rows say."""

    clinic: Clinic
    patient: Patient
    device: Device
    member: Membership
    key: DeviceKey
    canaries: tuple[str, ...]
    # By the name of the parameter: rows that are named by their UUID alone.
    named_by_id: dict[str, Any]
    only_patient: Patient | None = None
    only_device: Device | None = None

    @cached_property
    def untouched(self) -> str:
        """The digest before the first case; every case is undone, so it is the digest before each of them."""
        return self.digest()

    @property
    def name(self) -> str:
        return f"{self.clinic.organization.code}'s {self.patient.code if self.is_one_patient else 'everybody'}"

    @property
    def is_one_patient(self) -> bool:
        return self.only_patient is None

    def digest(self) -> str:
        return digest(self.clinic, self.patient.pk if self.is_one_patient else None)

    def digest_beside_the_ledger(self) -> str:
        """Where refusals are told."""
        return _digest(self.clinic, _DIGEST_BESIDE_THE_LEDGER)

    def parameter(self, name: str, style: str) -> str:
        """Raises KeyError for a parameter that nobody has taught this test: add it here."""
        if name == "type":
            return "blood_pressure"  # a word, no row of anybody
        only_patient = self.only_patient or self.patient
        if name in self.named_by_id:
            return self.number(name) if style == "number" else str(_public_id(self.named_by_id[name]))
        return {
            "code": {"code": self.patient.code, "only": only_patient.code, "uuid": str(self.patient.public_id)},
            "deviceId": {
                "code": self.device.code,
                "only": (self.only_device or self.device).code,
                "uuid": str(self.device.public_id),
            },
            "userId": {
                "code": self.patient.code,
                "only": only_patient.code,
                "uuid": str(self.member.user_public_id),
                "email": self.member.email,
            },
            "memberId": {"code": str(self.member.user_public_id), "uuid": str(self.member.user_public_id)},
            "keyId": {"uuid": str(self.key.public_id), "prefix": self.key.prefix},
        }[name].get(style) or self.number(name)

    def number(self, name: str) -> str:
        """Database keys are never accepted; they are sent to show it."""
        rows: dict[str, models.Model] = {
            "code": self.patient, "deviceId": self.device, "userId": self.member, "keyId": self.key,
            "memberId": self.member, **self.named_by_id,
        }  # fmt: skip
        return str(rows[name].pk)

    def row_of(self, model: type[models.Model]) -> models.Model | None:
        """A row of ``model`` that belongs to the target, for forms and filters."""
        known: dict[Any, models.Model] = {
            Patient: self.patient,
            Device: self.device,
            Membership: self.member,
            DeviceKey: self.key,
            **{type(row): row for row in self.named_by_id.values()},
        }
        return known.get(model)


STYLES = ("code", "only", "uuid", "number")


@dataclass(frozen=True)
class World:
    north: Clinic
    south: Clinic
    second_patients: dict[int, Membership]
    _targets: dict[tuple[int, bool], Target] = field(default_factory=dict)

    def other(self, clinic: Clinic) -> Clinic:
        return self.south if clinic is self.north else self.north

    def target(self, clinic: Clinic) -> Target:
        return self._kept(clinic, is_second=False)

    def second_patient(self, clinic: Clinic) -> Target:
        """The second axis: rows of another patient of the same clinic, which a patient's login must not see."""
        return self._kept(clinic, is_second=True)

    def _kept(self, clinic: Clinic, *, is_second: bool) -> Target:
        """Looked up once; each caller has a copy, with a digest of its own."""
        key = (clinic.organization.id, is_second)
        if key not in self._targets:
            with clinic.scope(), transaction.atomic():
                self._targets[key] = self._second_patient(clinic) if is_second else self._target(clinic)
        return replace(self._targets[key])

    def _target(self, clinic: Clinic) -> Target:
        return Target(
            clinic=clinic,
            patient=clinic.patients[0],
            device=clinic.devices[0],
            member=clinic.people["nurse"],
            key=DeviceKey.objects.filter(device=clinic.devices[0]).first(),
            canaries=canaries_of(clinic),
            named_by_id=named_by_id(clinic.patients[0], clinic.people["nurse"]),
            only_patient=clinic.patients[-1],
            only_device=clinic.devices[-1],
        )

    def _second_patient(self, clinic: Clinic) -> Target:
        member = self.second_patients[clinic.organization.id]
        return Target(
            clinic=clinic,
            patient=clinic.patients[1],
            device=clinic.devices[1],
            member=member,
            key=DeviceKey.objects.filter(device=clinic.devices[1]).first(),
            canaries=(f"CANARY-{clinic.organization.code[:5].upper()}-2",),
            named_by_id=named_by_id(clinic.patients[1], member),
        )


def named_by_id(patient: Patient, member: Membership) -> dict[str, Any]:
    """Needs the clinic's scope; rows of patients are those of ``patient``, rows of people those of ``member``."""
    rows: dict[str, Any] = {
        "invitationId": Invitation.objects.first(),
        "removalId": RemovalRequest.objects.first(),
        "supportAccessId": SupportAccess.objects.first(),
        "consentId": Consent.objects.filter(patient=patient).first(),
        "accessId": EmergencyAccess.objects.filter(patient=patient).first(),
        "admissionId": Admission.objects.filter(patient=patient).first(),
        "measurementId": Measurement.objects.filter(patient=patient, public_id__isnull=False).first(),
        "activityId": Activity.objects.filter(patient=patient).first(),
        "goalId": Goal.objects.filter(patient=patient).first(),
        "scoreId": HealthScore.objects.filter(patient=patient).first(),
        "entryId": HistoryEntry.objects.filter(patient=patient).first(),
        "alertId": Episode.objects.filter(patient=patient).first(),
        "ruleId": PatientRule.objects.filter(patient=patient).first(),
        "groupId": RuleGroup.objects.first(),
        "channelId": Channel.objects.first(),
        "contactId": Contact.objects.first(),
        "commandId": DeviceCommand.objects.first(),
        "templateId": CommandTemplate.objects.first(),
        "claimId": ClaimCode.objects.first(),
        "deliveryId": Delivery.objects.filter(patient=patient).first(),
        "importId": ImportJob.objects.filter(patient=patient).first(),
        "connectionId": Connection.objects.filter(patient=patient).first(),
        "batch": ReportBatch.objects.first(),
        "viewId": SavedView.objects.first(),
        "sessionId": RefreshFamily.objects.filter(user_id=member.user_id).first(),
    }
    return rows


def _public_id(row: Any) -> Any:
    return getattr(row, "public_id", row.pk)


def canaries_of(clinic: Clinic) -> tuple[str, ...]:
    word = clinic.organization.code[:5].upper()
    return (f"CANARY-{word}", f"canary-{word.lower()}", *numbers_of(clinic))


def numbers_of(clinic: Clinic) -> tuple[str, str]:
    """A rate and a sensor value that nobody else has: numbers leak as well as texts."""
    return ("7.654321", "31415.926") if clinic.organization.code == "southside" else ("1.234567", "27182.818")


@contextmanager
def world_in_a_transaction() -> Iterator[World]:
    """Rolled back in the end. Marked as a test's own, so that code which insists on the outermost block may run."""
    outermost = transaction.atomic()
    outermost._from_testcase = True  # type: ignore[attr-defined]
    with outermost:
        try:
            yield make_world()
        finally:
            transaction.set_rollback(True)


def make_world() -> World:
    north, south = make_clinic("northside", canary="CANARY-NORTH"), make_clinic("southside", canary="CANARY-SOUTH")
    second = {clinic.organization.id: _fill(clinic) for clinic in (north, south)}
    return World(north, south, second)


def _fill(clinic: Clinic) -> Membership:
    word = clinic.organization.code
    with clinic.scope(), transaction.atomic():
        clinic.patients.append(create_patient(code=f"{word}_only", first_name="Only", last_name="Here"))
        clinic.devices.append(register_device(code=f"{word.upper()}_ONLY", serial_number=f"ARG-{word}-only"))
        assign_device(device=clinic.devices[-1], patient=clinic.patients[-1], starts_at=ASSIGNED_SINCE)
        issue_key(device=clinic.devices[1], name="second")
        member = clinic.people[SECOND_PATIENT] = add_second_patient(clinic, password=PASSWORD)
        _store_readings(clinic)
        clinic.summarise_and_amend(reason=_canary(clinic, False))
        for role in ("nurse", SECOND_PATIENT):
            start_family(principal=clinic.principal(role), user_agent=_canary(clinic, role == SECOND_PATIENT))
        add_rows_everywhere(clinic, canaries=(_canary(clinic, False), _canary(clinic, True)))
        for model in (Patient, Device, Assignment, DeviceKey, Membership, HistoryEntry, HistoryAmendment):
            _write_canaries(model, clinic)
        for row in (*clinic.patients, *clinic.devices, *clinic.people.values()):
            row.refresh_from_db()
    return member


def _store_readings(clinic: Clinic) -> None:
    rate, sensor = numbers_of(clinic)
    now = datetime.now(UTC)
    rows = [
        ReadingRow(
            device.id,
            now - timedelta(minutes=5 * index + 1),
            110 + index,
            rate=float(rate),
            confidence=Decimal("0.95"),
            battery_level=80,
            sensor_data={
                **{"red": float(sensor), "infrared": 2.0, "green": 3.0, "temperature": 36.5, "motionArtifact": False},
                "note": _canary(clinic, number == 1),
            },
        )
        for number, device in enumerate(clinic.devices)
        for index in range(4)
    ]
    store_readings(rows=rows)


def _canary(clinic: Clinic, is_second: bool) -> str:
    return f"CANARY-{clinic.organization.code[:5].upper()}" + ("-2" if is_second else "")


def _write_canaries(model: type[TenantModel], clinic: Clinic) -> None:
    """In every free text of every row; names of addresses too. Rows of the second patient get a mark of their own."""
    for row in model.objects.all():
        is_second = _belongs_to(row, clinic.patients[1], clinic.devices[1])
        values: dict[str, Any] = {}
        for column in model._meta.local_fields:
            if not isinstance(column, models.CharField | models.TextField) or column.choices or column.name in NOT_TEXT:
                continue
            values[column.name] = f"{_canary(clinic, is_second)} {column.name}"[: column.max_length]
        if model is Patient:
            values["email"] = f"{_canary(clinic, is_second).lower()}@{clinic.organization.code}.example"
            values["medical_record_number"] = f"{_canary(clinic, is_second)} {row.pk}"
        for name, value in values.items():
            setattr(row, name, value)
        if values:
            # The row is saved, not the column updated: sealed fields take their values in no other way.
            row.save(update_fields=list(values))


def _belongs_to(row: Any, patient: Patient, device: Device) -> bool:
    if isinstance(row, Patient | Device):
        return row in (patient, device)
    return patient.pk == getattr(row, "patient_id", None) or device.pk == getattr(row, "device_id", None)


def digest(clinic: Clinic, patient_id: int | None) -> str:
    """Of every row of the clinic, its people's accounts and sign-ins included; or of one patient's rows."""
    return _digest(clinic, _PATIENT_DIGEST if patient_id else _CLINIC_DIGEST, patient_id)


def _digest(clinic: Clinic, statement: str, patient_id: int | None = None) -> str:
    with clinic.scope(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, {"organization": clinic.organization.id, "patient": patient_id})
        return str(cursor.fetchone()[0])


def digest_by_owner(clinic: Clinic) -> str:
    """Of what is committed, by the role that no policy holds back."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(_CLINIC_DIGEST, {"organization": clinic.organization.id})
        return str(cursor.fetchone()[0])


def _digest_of(parts: list[str]) -> str:
    return f"SELECT md5(string_agg(row, ',' ORDER BY row)) FROM ({' UNION ALL '.join(parts)}) everything"


# Anybody may try to sign in as a person of the clinic, and its ledger tells so.
BESIDES = {"audit_entry": " AND t.action <> 'login_failed'"}


def _digest_of_clinic(tables: list[str]) -> str:
    return _digest_of(
        [
            *[f"SELECT '{table}' || t AS row FROM {table} t "
              f"WHERE t.organization_id = %(organization)s{BESIDES.get(table, '')}" for table in tables],
            "SELECT 'organization' || t FROM tenancy_organization t WHERE t.id = %(organization)s",
            "SELECT 'sign-in' || t FROM accounts_refreshfamily t WHERE t.for_organization = %(organization)s",
            "SELECT 'account' || account FROM accounts_membership m, accounts_user_by_id(m.user_id) account "
            "WHERE m.organization_id = %(organization)s",
        ]
    )  # fmt: skip


_CLINIC_DIGEST = _digest_of_clinic(list(TENANT_TABLES))
_DIGEST_BESIDE_THE_LEDGER = _digest_of_clinic([table for table in TENANT_TABLES if table != "audit_entry"])
_PATIENT_DIGEST = _digest_of(
    [
        f"SELECT '{table}' || t AS row FROM {table} t "
        f"WHERE t.organization_id = %(organization)s AND t.{column} = %(patient)s"
        for table in TENANT_TABLES if (column := patient_column(table))
    ]
)  # fmt: skip
