"""The platform's support inside a clinic: with a reason, for an hour at most, looking only, and seen by the clinic."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.models import SupportAccess, User
from accounts.roles import PERMISSIONS, SUPPORT
from accounts.services import add_member
from accounts.support import enter_clinic
from accounts.tasks import mail_support_access_task
from audit.models import Entry
from tests.clinic_people import SUPPORT_EMAIL, make_support_person
from tests.clinics import PASSWORD
from tests.second_factor import code_for, set_up_second_factor

pytestmark = pytest.mark.promise(58)

ENTER, PATIENTS, ACCESSES = "/admin/support/enter/", "/admin/patients/patient/", "/admin/support-access/"
REASON = "The worklist shows nothing, ticket 4711"


@pytest.fixture
def support(db) -> Client:
    """Signed in, in no clinic."""
    make_support_person(password=PASSWORD)
    client = Client()
    client.post("/admin/login/", {"username": SUPPORT_EMAIL, "password": PASSWORD})
    return client


def enter(client: Client, code="northside", reason=REASON, minutes=30):
    return client.post(ENTER, {"code": code, "reason": reason, "minutes": minutes})


def accesses(clinic):
    with clinic.scope():
        return list(SupportAccess.objects.filter(email=SUPPORT_EMAIL, reason=REASON))


def test_support_begins_between_clinics(support, northside):
    assert support.get("/admin/", follow=True).redirect_chain[-1][0] == ENTER
    for page in (PATIENTS, ACCESSES, "/admin/devices/device/", "/admin/readings/", "/admin/search/?s=last"):
        answer = support.get(page, follow=True)
        assert answer.redirect_chain[-1][0] == ENTER, page
        assert "CANARY" not in answer.content.decode()


def test_entering_shows_the_clinic_with_a_band_and_leaving_shuts_it(support, northside, southside):
    assert enter(support).headers["Location"] == "/admin/"
    html = support.get(PATIENTS).content.decode()
    assert "Last Northside" in html
    assert "CANARY-SOUTH" not in html
    for expected in ("as the platform&#x27;s support", "30 more minutes", REASON):
        assert expected.replace("&#x27;", "'") in html.replace("&#x27;", "'")
    assert support.post("/admin/support/leave/").headers["Location"] == ENTER
    assert support.get(PATIENTS).status_code == 302
    (access,) = accesses(northside)
    assert access.ended_at is not None


@pytest.mark.parametrize(
    "wrong",
    [{"reason": "short"}, {"reason": "          .         "}, {"minutes": 61}, {"minutes": 0}, {"minutes": "x"},
     {"code": "nowhere"}, {"code": ""}, {"code": "x\x00y"}, {"reason": ""}],
)  # fmt: skip
def test_nobody_enters_without_a_reason_a_time_and_a_clinic(support, northside, wrong):
    answer = enter(support, **wrong)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert accesses(northside) == []
    assert support.get(PATIENTS).status_code == 302


def test_only_the_support_enters(northside, southside):
    for role in ("owner", "nurse"):
        client = northside.admin(role)
        assert client.get(ENTER).status_code == 403
        assert enter(client, code="southside").status_code == 403
    assert Client().get(ENTER).headers["Location"].startswith("/admin/login/")
    assert accesses(southside) == []


def test_an_access_ends_by_itself(support, northside):
    enter(support)
    with northside.scope():
        now = timezone.now()
        SupportAccess.objects.filter(email=SUPPORT_EMAIL).update(
            begins_at=now - timedelta(minutes=31), expires_at=now - timedelta(minutes=1)
        )
    answer = support.get(PATIENTS, follow=True)
    assert answer.redirect_chain[-1][0] == ENTER
    assert "Your access to the clinic has ended." in answer.content.decode()
    assert enter(support).status_code == 302


def test_the_clinic_sees_it_in_its_pages_ledger_and_mail_and_ends_it(
    support, northside, southside, django_capture_on_commit_callbacks, monkeypatch
):
    sent = []
    monkeypatch.setattr(mail_support_access_task, "apply_async", lambda **more: sent.append(more["kwargs"]))
    with django_capture_on_commit_callbacks(execute=True):
        enter(support)
    (access,) = accesses(northside)
    assert sent == [{"access_id": access.pk}]
    with northside.scope():
        mail_support_access_task.run(**sent[0])
        entry = Entry.objects.filter(action="support_access").latest("id")
    assert (entry.actor_kind, entry.actor_name, entry.reason) == ("support", "Sam Support", REASON)
    assert entry.changes == [["minutes", None, 30]]
    assert [message.to for message in mail.outbox] == [["owner@northside.example"]]
    assert REASON in mail.outbox[0].body
    owner = northside.admin("owner")
    page = owner.get(ACCESSES).content.decode()
    assert REASON in page
    assert "End now" in page
    assert REASON not in southside.admin("owner").get(ACCESSES).content.decode()
    southside.admin("owner").post(ACCESSES, {"access": access.public_id})
    assert support.get(PATIENTS).status_code == 200
    owner.post(ACCESSES, {"access": access.public_id})
    assert support.get(PATIENTS).status_code == 302
    with northside.scope():
        assert Entry.objects.filter(action="support_access").latest("id").reason == "ended by the clinic"


@pytest.mark.parametrize("role", ["clinician", "nurse", "viewer"])
def test_accesses_are_for_owners_and_admins(northside, role):
    client = northside.admin(role)
    assert client.get(ACCESSES).status_code == 403
    assert client.post(ACCESSES, {"access": "x"}).status_code == 403


def test_support_in_a_clinic_sees_neither_accesses_nor_histories_and_changes_nothing(support, northside):
    enter(support)
    assert support.get(ACCESSES).status_code == 403
    for page in ("patients/patient/add/", "devices/device/add/", "invitations/"):
        assert support.get(f"/admin/{page}").status_code == 403, page
    allowed = PERMISSIONS[SUPPORT]
    assert all(name.rpartition(".")[2].startswith("view_") for name in allowed)
    assert not [name for name in allowed if "history" in name]


def test_one_clinic_does_not_open_another(support, northside, southside):
    enter(support)
    support.post("/admin/switch-organization/", {"organization": "southside"})
    assert "CANARY-SOUTH" not in support.get(PATIENTS).content.decode()
    enter(support, code="southside")
    assert "Last Southside" in support.get(PATIENTS).content.decode()
    support.post("/admin/switch-organization/", {"organization": "northside"})
    assert "Last Northside" in support.get(PATIENTS).content.decode()
    assert enter(support).context["form"].errors, "already there"


def test_who_works_in_a_clinic_does_not_enter_it_as_support(support, northside):
    with northside.scope():
        add_member(email=SUPPORT_EMAIL, name="Sam", role="nurse")
    assert "member of this clinic" in str(enter(support).context["form"].errors)


@pytest.mark.promise(24)
def test_support_needs_a_second_factor_also_where_it_is_only_offered(support, northside, settings):
    settings.SUPPORT_SECOND_FACTOR = "required"
    assert settings.STAFF_SECOND_FACTOR == "offered"
    assert support.get(ENTER).headers["Location"].startswith("/admin/login/")
    client = Client()
    answer = client.post("/admin/login/", {"username": SUPPORT_EMAIL, "password": PASSWORD})
    assert answer.headers["Location"] == "/admin/login/set-up/"
    assert client.get(ENTER).status_code == 302
    phone = set_up_second_factor(User.objects.get_by_natural_key(SUPPORT_EMAIL))
    client.post("/admin/login/", {"username": SUPPORT_EMAIL, "password": PASSWORD})
    client.post("/admin/login/code/", {"code": code_for(phone.secret, steps=1)})
    assert enter(client).status_code == 302
    assert client.get(PATIENTS).status_code == 200


def test_ones_own_security_is_open_between_clinics(support):
    assert "Second factor" in support.get("/admin/security/").content.decode()
    for action in ("end-app", "end-all"):
        form = {"action": action, "session": str(uuid.uuid4())}
        assert support.post("/admin/security/", form).headers["Location"] == "/admin/security/"


def test_support_signs_in_over_rest_while_inside_and_knows_itself(support, northside):
    body = {"email": SUPPORT_EMAIL, "password": PASSWORD}
    assert Client().post("/api/v1/auth/login", body, content_type="application/json").status_code == 403
    enter(support)
    token = Client().post("/api/v1/auth/login", body, content_type="application/json").json()["access_token"]
    api = Client(headers={"Authorization": f"Bearer {token}"})
    me = api.get("/api/v1/auth/me").json()
    assert (me["role"], me["name"], me["organization"]) == ("support", "Sam Support", "northside")
    assert api.patch("/api/v1/users/me", {"name": "X"}, content_type="application/json").status_code == 403
    support.post("/admin/support/leave/")
    assert api.get("/api/v1/auth/me").status_code == 401


@pytest.mark.parametrize(
    ("reason", "minutes", "field"), [("  sh    ort  ", 5, "reason"), (REASON, 61, "minutes"), (REASON, 0, "minutes")]
)
def test_no_form_is_needed_to_hold_the_line(northside, reason, minutes, field):
    make_support_person(password=PASSWORD)
    user = User.objects.get_by_natural_key(SUPPORT_EMAIL)
    with northside.scope(), pytest.raises(ValidationError) as refused:
        enter_clinic(user=user, reason=reason, minutes=minutes)
    assert set(refused.value.message_dict) == {field}
