from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from devices.models import Assignment, Device, DeviceKey
from devices.services import register_device

DEVICES = "/admin/devices/device/"
KEY = re.compile(r"glp_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}")


def address(clinic, suffix="", device=0):
    return f"{DEVICES}{clinic.devices[device].pk}/{suffix}"


def act(clinic, action, role="admin", device=0, **more):
    return clinic.admin(role).post(address(clinic, device=device), {"action": action, **more})


def live_keys(clinic, device=0):
    with clinic.scope():
        return list(DeviceKey.objects.live().filter(device=clinic.devices[device]))


def open_assignment(clinic, device=0):
    with clinic.scope():
        return Assignment.objects.open().filter(device=clinic.devices[device]).first()


def test_the_list_tells_patient_contact_and_battery(northside, southside):
    northside.store(100)
    html = northside.admin("viewer").get(DEVICES).content.decode()
    for expected in ("ARGUS_001234", "user_5678", "just now", "Never", "Unknown"):
        assert expected in html
    assert "CANARY-SOUTH" not in html


def test_statements_of_the_list_do_not_grow(northside):
    client = northside.admin("viewer")
    client.get(DEVICES)
    with CaptureQueriesContext(connection) as few:
        client.get(DEVICES)
    with northside.scope():
        for number in range(30):
            register_device(code=f"MORE_{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(DEVICES)
    assert len(many) == len(few)


@pytest.mark.parametrize("query", ["q=x%00y", "status__exact=nonsense", "p=999", "o=99", "kind__exact=argus&q=1234"])
def test_odd_lists_are_no_faults(northside, query):
    assert northside.admin("viewer").get(f"{DEVICES}?{query}").status_code in (200, 302)


@pytest.mark.promise(28)
def test_a_new_key_is_shown_once_and_nowhere_else(northside):
    client = northside.admin("admin")
    sent = client.post(address(northside, device=1), {"action": "issue", "name": "bedside"})
    assert (sent.status_code, sent.headers["Location"]) == (302, address(northside, device=1))
    assert not KEY.search(str(client.cookies) + str(dict(client.session)) + str(sent.headers) + sent.content.decode())
    response = client.get(address(northside, device=1))
    (text,) = set(KEY.findall(response.content.decode()))
    assert "no-store" in response.headers["Cache-Control"]
    (key,) = live_keys(northside, 1)
    assert (key.name, key.prefix) == ("bedside", text[:16])
    assert not KEY.search(str(client.cookies) + str(dict(client.session)) + str(response.headers))
    assert not KEY.search(client.get(address(northside, device=1)).content.decode())
    assert northside.device_api(text).get("/api/v1/devices/ARGUS_002468/readings").status_code == 200


def test_a_third_live_key_is_refused_with_a_sentence(northside):
    client = northside.admin("admin")
    client.post(address(northside), {"action": "issue"})
    response = client.post(address(northside), {"action": "issue"}, follow=True)
    assert "two live keys already" in response.content.decode()
    assert len(live_keys(northside)) == 2


def test_rotating_keeps_the_old_key_for_a_week(northside):
    (old,) = live_keys(northside)
    client = northside.admin("admin")
    response = client.post(address(northside), {"action": "rotate", "key": old.public_id}, follow=True)
    assert KEY.search(response.content.decode())
    assert not KEY.search(client.get(address(northside)).content.decode()), "a reload"
    old, *_ = [key for key in live_keys(northside) if key.pk == old.pk]
    assert timedelta(days=6, hours=23) < old.expires_at - datetime.now(UTC) <= timedelta(days=7)


@pytest.mark.promise(27)
def test_a_revoked_key_is_refused_at_once(northside):
    (key,) = live_keys(northside)
    assert act(northside, "revoke", key=key.public_id).status_code == 302
    assert live_keys(northside) == []
    assert northside.device_api().get("/api/v1/devices/ARGUS_001234/readings").status_code == 401


@pytest.mark.parametrize("action", ["rotate", "revoke"])
@pytest.mark.promise(27)
def test_the_key_of_another_clinic_or_device_is_not_found(northside, southside, action):
    (foreign,) = live_keys(southside)
    (other,) = live_keys(northside)
    assert act(northside, action, key=foreign.public_id).status_code == 404
    assert act(northside, action, device=1, key=other.public_id).status_code == 404
    assert act(northside, action, key="nonsense").status_code == 404
    assert live_keys(southside) == [foreign]
    assert live_keys(northside) == [other]


def test_assigning_ends_the_period_before(northside):
    patient = northside.patients[1]
    response = act(northside, "assign", role="nurse", patient=patient.pk, note="moved")
    assert response.status_code == 302
    assignment = open_assignment(northside)
    assert (assignment.patient_id, assignment.note) == (patient.pk, "moved")
    html = northside.admin("viewer").get(address(northside)).content.decode()
    assert "user_5678" in html
    assert "user_9012" in html


def test_the_time_of_an_assignment_is_the_clinics(northside):
    with northside.scope():
        type(northside.organization).objects.filter(pk=northside.organization.pk).update(timezone="Asia/Tokyo")
    act(northside, "assign", patient=northside.patients[1].pk, starts_at="2026-11-01T09:00")
    assert open_assignment(northside).starts_at == datetime(2026, 11, 1, 0, 0, tzinfo=UTC)


def test_assigning_over_measured_time_is_refused_with_a_sentence(northside):
    northside.store(100)
    response = northside.admin("nurse").post(
        address(northside),
        {"action": "assign", "patient": northside.patients[1].pk, "starts_at": "2026-01-01T00:00"},
        follow=True,
    )
    assert "has measured at or after that time already" in response.content.decode()
    assert open_assignment(northside).patient_id == northside.patients[0].pk


@pytest.mark.parametrize("patient", ["", "0", "x", "9" * 30])
def test_assigning_to_nobody_is_told(northside, patient):
    response = act(northside, "assign", patient=patient)
    assert response.status_code == 200
    assert response.context["form"].errors["patient"]


def test_another_clinics_patient_cannot_be_assigned(northside, southside):
    response = act(northside, "assign", patient=southside.patients[1].pk)
    assert response.context["form"].errors["patient"]
    assert open_assignment(northside).patient_id == northside.patients[0].pk


def test_unassigning_and_retiring(northside):
    assert act(northside, "unassign", role="nurse").status_code == 302
    assert open_assignment(northside) is None
    assert act(northside, "retire").status_code == 302
    assert live_keys(northside) == []
    with northside.scope():
        assert Device.objects.get(pk=northside.devices[0].pk).status == Device.Status.RETIRED
    html = northside.admin("admin").get(address(northside)).content.decode()
    for gone in ("Issue a key", "Assign to", "Retire this device", ">Edit<"):
        assert gone not in html
    assert northside.admin("admin").post(address(northside, "change/"), {}).status_code == 403


@pytest.mark.parametrize(
    ("role", "action"),
    [("viewer", "assign"), ("viewer", "unassign"), ("nurse", "issue"), ("nurse", "rotate"), ("clinician", "revoke"),
     ("clinician", "retire"), ("owner", ""), ("owner", "nonsense")],
)  # fmt: skip
def test_what_a_role_may_not_do(northside, role, action):
    before = (live_keys(northside), open_assignment(northside).pk)
    assert act(northside, action, role=role, patient=northside.patients[1].pk).status_code == 403
    assert (live_keys(northside), open_assignment(northside).pk) == before


def test_keys_show_to_those_who_manage_them(northside):
    assert "glp_" in northside.admin("admin").get(address(northside)).content.decode()
    assert "glp_" not in northside.admin("clinician").get(address(northside)).content.decode()


def test_the_other_clinics_device_is_as_unknown_as_none(northside, southside):
    client = northside.admin("owner")
    foreign, missing = client.get(address(southside)), client.get(f"{DEVICES}{2**62}/")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content
    assert client.post(address(southside), {"action": "retire"}).status_code == 404
    assert len(live_keys(southside)) == 1


def test_adding_and_changing_a_device(northside):
    form = {"code": "NEW_1", "kind": "argus", "status": "registered", "reading_interval": "300", "serial_number": ""}
    client = northside.admin("admin")
    assert client.post(f"{DEVICES}add/", form).status_code == 302
    with northside.scope():
        device = Device.objects.get(code="NEW_1")
    assert device.serial_number is None
    assert client.post(f"{DEVICES}add/", form).context["adminform"].errors
    assert client.post(f"{DEVICES}{device.pk}/change/", form | {"status": "retired"}).context["adminform"].errors
    client.post(f"{DEVICES}{device.pk}/change/", form | {"status": "maintenance"})
    with northside.scope():
        assert Device.objects.get(pk=device.pk).status == Device.Status.MAINTENANCE
