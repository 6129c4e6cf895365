from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.invitations import cancel_invitation, invite
from accounts.models import Invitation
from accounts.plans import standing as standing_module
from accounts.plans.catalogue import PLANS, Limit, Plan
from accounts.plans.limits import LimitReached
from accounts.services import change_member, deactivate_member
from accounts.tests.plans.plans import add_device, add_patient, give
from devices.models import Device
from devices.services import devices_in_use, retire_device
from edge.tests.posting import reading
from patients.services import archive_patient, create_patient, unarchive_patient
from readings.tests.interruption import closing
from tenancy.scope import Scope, scoped
from tests.clinics import Clinic
from tests.rest import send

pytestmark = pytest.mark.django_db

NEW_PATIENT = {"code": "sixth", "firstName": "Ada", "lastName": "Nowak"}
NEW_DEVICE = {"code": "ARGUS_3", "kind": "argus", "status": "active", "reading_interval": "60"}


def retire(clinic: Clinic, count: int) -> None:
    with clinic.scope(), transaction.atomic():
        for device in Device.objects.exclude(status="retired").order_by("id")[:count]:
            retire_device(device=device)


def test_devices_at_one_below_the_limit_at_it_and_above(northside: Clinic, southside: Clinic) -> None:
    give(northside, "free")
    # Two devices where the plan has room for one: they stay.
    with pytest.raises(LimitReached):
        add_device(northside, "ARGUS_1")
    retire(northside, 1)
    with pytest.raises(LimitReached):
        add_device(northside, "ARGUS_1")
    retire(northside, 1)
    add_device(northside, "ARGUS_1")
    answer = send(northside.api("owner"), "POST", "/api/v1/devices", {"code": "ARGUS_2"})
    assert (answer.status_code, answer.json()["detail"]) == (
        402,
        "The plan Free has room for 1 device, and all are in use. "
        'Owners can choose a larger plan under "Plan and usage"; what is there stays.',
    )
    # The other clinic has no subscription, and so the installation's usual plan, without limits.
    add_device(southside, "ARGUS_1")


def test_patients_are_counted_whoever_sees_them(northside: Clinic) -> None:
    give(northside, "free")
    for number in range(3):
        add_patient(northside, f"new_{number}")
    with northside.scope(), transaction.atomic():
        archive_patient(patient=northside.patients[0])
    # Staff who see one patient of four add the fifth, and no sixth.
    member = northside.people["nurse"]
    limited = Scope(northside.organization.id, member.user_id, None, (northside.patients[1].id,))
    with scoped(limited), transaction.atomic():
        create_patient(code="fifth", first_name="Ada", last_name="Nowak")
    with scoped(limited), pytest.raises(LimitReached, match="room for 5 patients"), transaction.atomic():
        create_patient(code="sixth", first_name="Ada", last_name="Nowak")
    with northside.scope(), pytest.raises(LimitReached):
        unarchive_patient(patient=northside.patients[0])
    answer = send(northside.api("owner"), "POST", "/api/v1/patients", NEW_PATIENT)
    assert answer.status_code == 402


def test_members_are_the_staff_and_the_places_offered_to_staff(northside: Clinic) -> None:
    give(northside, "free")
    with northside.scope(), transaction.atomic():
        for role in ("clinician", "nurse", "viewer"):
            deactivate_member(membership=northside.people[role])
        # Owner, admin, and an invitation that waits: three of three.
        with pytest.raises(LimitReached, match="room for 3 members"), transaction.atomic():
            invite(email="new@northside.example", name="New", role="nurse")
        # Patients' own logins have no place in a plan.
        invite(email="kin@x.example", name="Kin", role="patient", patient_id=northside.patients[0].pk)
        waiting = Invitation.objects.pending().get(role="nurse")
        cancel_invitation(invitation=waiting)
        change_member(membership=northside.people["nurse"], changes={"is_active": True})
        with pytest.raises(LimitReached), transaction.atomic():
            change_member(membership=northside.people["viewer"], changes={"is_active": True})
        # Who is in may change; only another place is refused.
        change_member(membership=northside.people["nurse"], changes={"role": "viewer"})


def test_the_admin_says_it_at_the_form(northside: Clinic) -> None:
    give(northside, "free")
    page = northside.admin("owner").post("/admin/devices/device/add/", NEW_DEVICE, follow=True)
    assert "The plan Free has room for 1 device" in page.content.decode()


def test_a_known_device_is_heard_whatever_is_owed(northside: Clinic) -> None:
    give(northside, "free", status="unpaid", grace_ends_at=timezone.now() - timedelta(days=400))
    for role_path, body in (("/api/v1/devices", {"code": "ARGUS_9"}), ("/api/v1/patients", NEW_PATIENT)):
        answer = send(northside.api("owner"), "POST", role_path, body)
        assert (answer.status_code, "overdue" in answer.json()["detail"]) == (402, True)
    device = northside.device_api()
    path = f"/api/v1/devices/{northside.devices[0].code}"
    assert send(device, "POST", f"{path}/readings", reading()).status_code == 201
    assert send(device, "POST", f"{path}/heartbeat", {"status": "active"}).status_code == 200
    assert northside.api("nurse").get(f"/api/v1/patients/{northside.patients[0].code}").status_code == 200


def test_requests_of_an_hour(northside: Clinic, southside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Plan("free", "Free", {Limit.API_REQUESTS_PER_HOUR: 3})
    monkeypatch.setattr(standing_module, "PLANS", {**PLANS, "free": small})
    monkeypatch.setattr("accounts.plans.api_requests._known", {})
    give(northside, "free")
    # Together: it is the clinic's budget, not a person's.
    answers = [northside.api(role).get("/api/v1/organizations").status_code for role in ("owner", "nurse", "admin")]
    refused = northside.api("viewer").get("/api/v1/organizations")
    assert (answers, refused.status_code) == ([200, 200, 200], 429)
    assert int(refused["Retry-After"]) > 3_000
    assert southside.api("owner").get("/api/v1/organizations").status_code == 200
    # Neither pages nor devices.
    assert northside.admin("owner").get("/admin/clinic/").status_code == 200
    path = f"/api/v1/devices/{northside.devices[0].code}/readings"
    assert send(northside.device_api(), "POST", path, reading()).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_the_last_place_at_once_one_gets_it(northside: Clinic) -> None:
    give(northside, "free")
    retire(northside, 2)
    for number in range(6):
        outcomes: list[bool] = []
        together = threading.Barrier(2)

        def register(code: str, outcomes: list[bool] = outcomes, together: threading.Barrier = together) -> None:
            together.wait(10)
            try:
                add_device(northside, code)
            except ValidationError:
                outcomes.append(False)
            else:
                outcomes.append(True)

        codes = (f"D_{number}_a", f"D_{number}_b")
        threads = [threading.Thread(target=closing(partial(register, code))) for code in codes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(outcomes) == [False, True]
        with northside.scope(), transaction.atomic():
            assert devices_in_use() == 1
        retire(northside, 1)
