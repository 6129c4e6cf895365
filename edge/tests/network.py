"""Twenty clinics that name their patients and devices alike, and everybody who may ask in them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import transaction

from accounts import tokens
from accounts.models import Membership, User
from accounts.organizations import change_organization
from accounts.principals import person_principals
from accounts.roles import Role
from accounts.services import add_member, in_own_scope
from accounts.sessions import end_other_families
from devices.models import Device
from devices.services import assign_device, issue_key, register_device, revoke_key
from patients.care_team import add_to_care_team
from patients.models import Patient
from patients.services import create_patient
from readings.rows import ReadingRow
from readings.services import store_readings
from tenancy.models import Organization
from tenancy.scope import organization_scope
from tenancy.services import create_organization

FIRST, SECOND = "user_5678", "user_9012"
# By the patient whom it measures. The third has no key of its own: the clinic's key posts for it.
DEVICES = {"ARGUS_001234": FIRST, "ARGUS_002468": SECOND, "ARGUS_003579": FIRST}
CLINICS = 20
READINGS_BEFORE = 3


@dataclass(frozen=True)
class Caller:
    """``sees``: codes of the patients whose readings are this caller's to see; ``devices``: those a key may use."""

    clinic: NetworkClinic
    name: str
    headers: dict[str, str]
    sees: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    own_patient: str = ""
    is_refused: bool = False

    @property
    def is_key(self) -> bool:
        return "X-API-Key" in self.headers


@dataclass
class NetworkClinic:
    number: int
    organization: Organization
    patients: dict[str, Patient] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    callers: list[Caller] = field(default_factory=list)
    # Of the login of the first patient, and of everybody who may appear in the clinic's ledger.
    login: uuid.UUID = field(default_factory=uuid.uuid4)
    actors: set[str] = field(default_factory=set)

    def value_of(self, patient: str) -> int:
        """The one value that this patient of this clinic ever has: no other patient of the network has it."""
        return (60 if patient == FIRST else 160) + self.number

    @property
    def limits_staff(self) -> bool:
        return self.number % 2 == 1


def make_network() -> list[NetworkClinic]:
    return [make_clinic(number) for number in range(CLINICS)]


def make_clinic(number: int) -> NetworkClinic:
    organization = create_organization(code=f"clinic-{number}", name=f"Clinic {number}")
    clinic = NetworkClinic(number, organization)
    with organization_scope(organization.id), transaction.atomic():
        _add_patients_and_devices(clinic)
        members = dict(_add_people(clinic))
        change_organization(changes={"assigned_patients_only": clinic.limits_staff})
        keys = list(_add_keys(clinic))
    clinic.callers = [*keys, *(_person(clinic, name, member) for name, member in members.items())]
    _end_access(clinic, members["disabled"])
    return clinic


def _add_patients_and_devices(clinic: NetworkClinic) -> None:
    now = datetime.now(UTC)
    for code in (FIRST, SECOND):
        clinic.patients[code] = create_patient(code=code, first_name="Pat", last_name=f"Of {clinic.number}")
    for code, patient in DEVICES.items():
        serial = f"{code}-{clinic.number}"
        device = register_device(code=code, serial_number=serial, status=Device.Status.ACTIVE)
        assign_device(device=device, patient=clinic.patients[patient], starts_at=now - timedelta(days=1))
        clinic.devices[code] = device
    store_readings(
        rows=[
            ReadingRow(clinic.devices[code].id, now - timedelta(minutes=5 * number), clinic.value_of(DEVICES[code]))
            for code in list(DEVICES)[:2]
            for number in range(READINGS_BEFORE)
        ]
    )


def _add_people(clinic: NetworkClinic) -> Iterator[tuple[str, Membership]]:
    """Over the network, people of every role."""
    others = (Role.ADMIN, Role.CLINICIAN, Role.VIEWER)
    roles = {"owner": Role.OWNER, "nurse": Role.NURSE, "other": others[clinic.number % 3], "disabled": Role.ADMIN}
    for name, role in roles.items():
        yield name, _add_person(clinic, name, role)
    for code in (FIRST, SECOND):
        yield code, _add_person(clinic, code, Role.PATIENT, code)


def _add_person(clinic: NetworkClinic, name: str, role: Role, patient: str | None = None) -> Membership:
    patient_id = clinic.patients[patient].pk if patient else None
    member = add_member(
        email=f"{name}@clinic-{clinic.number}.example", name=name.title(), role=role, patient_id=patient_id
    )
    if role == Role.NURSE:
        add_to_care_team(patient=clinic.patients[FIRST], member=member)
    return member


def _add_keys(clinic: NetworkClinic) -> Iterator[Caller]:
    for code in list(DEVICES)[:2]:
        issued = issue_key(device=clinic.devices[code], name=code)
        clinic.actors.add(str(issued.key.public_id))
        yield Caller(clinic, f"key of {code}", {"X-API-Key": issued.text}, devices=frozenset({code}))
    issued = issue_key(device=None, name="clinic")
    clinic.actors.add(str(issued.key.public_id))
    yield Caller(clinic, "key of the clinic", {"X-API-Key": issued.text}, devices=frozenset(DEVICES))
    revoked = issue_key(device=None, name="revoked")
    revoke_key(key=revoked.key)
    yield Caller(clinic, "revoked key", {"X-API-Key": revoked.text}, is_refused=True)


def _person(clinic: NetworkClinic, name: str, member: Membership) -> Caller:
    (principal,) = person_principals(member.user_public_id)
    headers = {"Authorization": f"Bearer {tokens.start_family(principal=principal).access}"}
    clinic.actors.add(str(principal.user_public_id))
    if name == FIRST:
        clinic.login = principal.user_public_id
    if member.patient_id:
        return Caller(clinic, f"patient {name}", headers, sees=frozenset({name}), own_patient=name)
    return Caller(clinic, name, headers, _patients_of_staff(clinic, member), is_refused=name == "disabled")


def _patients_of_staff(clinic: NetworkClinic, member: Membership) -> frozenset[str]:
    if not clinic.limits_staff or member.role in (Role.OWNER, Role.ADMIN):
        return frozenset({FIRST, SECOND})
    # Of those whom the clinic limits, only nurses are in a care team here.
    return frozenset({FIRST}) if member.role == Role.NURSE else frozenset()


def _end_access(clinic: NetworkClinic, member: Membership) -> None:
    """In every second clinic the account is disabled; in the others its sign-in is ended."""
    user = User.objects.with_id(member.user_id)
    assert user is not None
    if clinic.limits_staff:
        in_own_scope(user, lambda: User.objects.filter(pk=user.pk).update(is_active=False))
        return
    with organization_scope(clinic.organization.id), transaction.atomic():
        assert end_other_families(user_id=user.pk, user_public_id=user.public_id, but=None)
