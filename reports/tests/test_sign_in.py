from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.services import add_member, change_member, set_password
from accounts.tasks import mail_about_account_task
from reports.sign_in import NO_PLACE
from tests.clinics import PASSWORD

LOGIN = "/admin/login/"
PATIENTS = "/admin/patients/patient/"


def sign_in(email, password=PASSWORD, client=None, **more):
    return (client or Client()).post(LOGIN, {"username": email, "password": password, **more})


@pytest.fixture
def in_both(northside, southside):
    """A client of a person who is a nurse in the one clinic and a viewer in the other."""
    email = "both@clinics.example"
    for clinic, role in ((northside, "nurse"), (southside, "viewer")):
        with clinic.scope():
            add_member(email=email, name="Robin", role=role, password=PASSWORD)
    client = Client()
    sign_in(email, client=client)
    client.post("/admin/switch-organization/", {"organization": "northside"})
    return client


@pytest.mark.parametrize("role", ["owner", "admin", "clinician", "nurse", "viewer"])
def test_staff_land_on_the_clinics_first_page(northside, role):
    client = Client()
    response = client.post(LOGIN, {"username": northside.people[role].email, "password": PASSWORD}, follow=True)
    assert response.redirect_chain == [("/admin/", 302)]
    assert "CANARY-NORTH" in response.content.decode()


def test_signing_in_changes_the_session_key(northside):
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["before"] = True
    session.save()
    client.cookies["session"] = str(session.session_key)
    sign_in(northside.people["nurse"].email, client=client)
    assert client.cookies["session"].value != session.session_key


@pytest.mark.parametrize(
    ("email", "password"),
    [("nurse@northside.example", "wrong"), ("nobody@northside.example", PASSWORD), ("a\x00b", PASSWORD), ("", "")],
)
def test_wrong_credentials_are_refused(northside, email, password):
    response = sign_in(email, password)
    assert response.status_code == 200
    assert "_auth_user_id" not in response.client.session


def test_patients_and_people_without_a_clinic_are_told_where_they_belong(northside):
    assert NO_PLACE in sign_in(northside.people["patient"].email).content.decode()
    with northside.scope():
        change_member(membership=northside.people["viewer"], changes={"is_active": False})
    response = sign_in(northside.people["viewer"].email)
    assert NO_PLACE in response.content.decode()
    assert "_auth_user_id" not in response.client.session


def test_a_next_address_elsewhere_is_ignored(northside):
    response = sign_in(northside.people["nurse"].email, next="https://evil.example/")
    assert response.headers["Location"] == "/admin/"


def test_losing_the_place_acts_with_the_next_request(northside):
    client = northside.admin("nurse")
    assert client.get(PATIENTS).status_code == 200
    with northside.scope():
        change_member(membership=northside.people["nurse"], changes={"is_active": False})
    assert client.get(PATIENTS).headers["Location"].startswith(LOGIN)
    assert client.get(LOGIN).headers["Location"] == LOGIN
    assert "Email" in client.get(LOGIN).content.decode()


def test_a_patients_session_opens_no_page(northside):
    client = northside.admin("patient")
    assert client.get(PATIENTS).headers["Location"].startswith(LOGIN)


def test_signing_out_asks_for_a_post_and_ends_the_session(northside):
    client = northside.admin("nurse")
    client.get("/admin/logout/")
    assert client.get(PATIENTS).status_code == 200
    assert client.post("/admin/logout/").headers["Location"] == LOGIN
    assert client.get(PATIENTS).headers["Location"].startswith(LOGIN)


def test_switching_shows_the_other_clinic_only(in_both):
    here = in_both.get(PATIENTS).content.decode()
    assert "CANARY-NORTH" in here
    assert "CANARY-SOUTH" not in here.replace("Southside CANARY-SOUTH", "", 1)
    in_both.post("/admin/switch-organization/", {"organization": "southside"})
    there = in_both.get(PATIENTS).content.decode()
    assert "Last Southside" in there
    assert "Last Northside" not in there


def test_switching_starts_from_the_first_page_and_changes_the_rights(in_both, northside):
    page = f"{PATIENTS}{northside.patients[0].pk}/"
    assert in_both.get(f"{page}change/").status_code == 200
    response = in_both.post("/admin/switch-organization/", {"organization": "southside"})
    assert response.headers["Location"] == "/admin/"
    assert in_both.get(page).status_code == 404
    assert in_both.get(f"{PATIENTS}add/").status_code == 403


def test_a_message_of_the_one_clinic_is_not_read_in_the_other(in_both, northside):
    patient = northside.patients[0]
    response = in_both.post(
        f"{PATIENTS}{patient.pk}/change/",
        {"code": patient.code, "first_name": "A", "last_name": "B", "gender": "other", "timezone": "UTC",
         "target_low": 70, "target_high": 180, "glucose_goals": "adult"},
    )  # fmt: skip
    assert response.status_code == 302
    in_both.post("/admin/switch-organization/", {"organization": "southside"})
    assert "Saved." not in in_both.get(PATIENTS).content.decode()


@pytest.mark.parametrize("sent", [{"organization": "southside"}, {"organization": ""}, {}])
def test_only_ones_own_clinics_can_be_chosen(northside, southside, sent):
    client = northside.admin("owner")
    client.post("/admin/switch-organization/", sent)
    assert "Last Southside" not in client.get(PATIENTS).content.decode()
    assert client.get("/admin/switch-organization/").status_code == 405


@pytest.mark.promise(26)
def test_switching_needs_the_csrf_token(northside, in_both):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = in_both.cookies
    assert strict.post("/admin/switch-organization/", {"organization": "southside"}).status_code == 403


def test_the_next_sign_in_begins_in_the_clinic_of_last_use(in_both):
    in_both.post("/admin/switch-organization/", {"organization": "southside"})
    in_both.get("/admin/")
    client = Client()
    sign_in("both@clinics.example", client=client)
    assert "Last Southside" in client.get(PATIENTS).content.decode()


def test_a_new_password_ends_the_tokens_of_apps(northside):
    before = northside.principal("nurse").user_version
    client = northside.admin("nurse")
    new = "a-slate-under-quiet-rain"
    response = client.post(
        "/admin/password_change/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )
    assert response.status_code == 302
    assert northside.principal("nurse").user_version == before + 1
    assert client.get("/admin/password_change/done/").status_code == 200
    assert "_auth_user_id" in sign_in("nurse@northside.example", new).client.session


@pytest.mark.promise(20)
def test_guessing_the_old_password_is_slowed(northside):
    client = northside.admin("nurse")
    new = "a-slate-under-quiet-rain"
    form = {"old_password": "wrong", "new_password1": new, "new_password2": new}
    for _ in range(5):
        assert "This is not your password." in client.post("/admin/password_change/", form).content.decode()
    locked = client.post("/admin/password_change/", {**form, "old_password": PASSWORD})
    assert (locked.status_code, "Too many failed sign-ins" in locked.content.decode()) == (200, True)


def test_a_new_password_is_told_by_mail(northside, monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(mail_about_account_task, "apply_async", lambda **more: sent.append(more["kwargs"]))
    new = "a-slate-under-quiet-rain"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    with django_capture_on_commit_callbacks(execute=True):
        northside.admin("nurse").post("/admin/password_change/", form)
    assert sent == [{"kind": "password_changed", "user_id": northside.people["nurse"].user_id}]


def test_other_sessions_end_with_the_password(northside):
    client = northside.admin("nurse")
    user = User.objects.with_id(northside.people["nurse"].user_id)
    assert user
    set_password(user=user, password="a-slate-under-quiet-rain")
    assert client.get(PATIENTS).headers["Location"].startswith(LOGIN)


def test_only_the_workplace_gets_the_loose_content_policy(northside):
    loose = Client().get(LOGIN).headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in loose
    assert "unsafe-inline" not in loose.split("script-src")[1].split(";")[0]
    assert "unsafe-eval" not in Client().get("/health").headers["Content-Security-Policy"]


@pytest.mark.promise(52)
def test_pages_are_kept_nowhere(northside):
    assert "no-store" in northside.admin("nurse").get(PATIENTS).headers["Cache-Control"]


def test_no_log_of_the_admin_is_written_or_shown(northside):
    client = northside.admin("owner")
    assert client.get(f"{PATIENTS}{northside.patients[0].pk}/history/").status_code == 404
    assert client.get(f"{PATIENTS}{northside.patients[0].pk}/delete/").status_code == 404
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('django_admin_log', 'SELECT, INSERT')")
        assert cursor.fetchone() == (False,)
