"""Two tabs share a session: a form of the one clinic is never saved in the other. And none is taken from elsewhere."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import get_resolver

from accounts.services import add_member
from devices.models import DeviceKey
from patients.models import Patient
from tests.clinics import PASSWORD

PATIENTS = "/admin/patients/patient/"


@pytest.fixture
def in_both(northside, southside) -> Client:
    for clinic in (northside, southside):
        with clinic.scope():
            add_member(email="both@clinics.example", name="Robin", role="admin", password=PASSWORD)
    client = Client()
    client.login(username="both@clinics.example", password=PASSWORD)
    client.post("/admin/switch-organization/", {"organization": "northside"})
    return client


def clinics_on(html: str) -> set[str]:
    return set(re.findall(r'name="for_clinic" value="([^"]*)"', html))


def test_every_form_of_a_page_says_for_which_clinic_it_was_shown(in_both, northside):
    patient, device = northside.patients[0].pk, northside.devices[0].pk
    for page in (
        f"{PATIENTS}{patient}/change/",
        f"{PATIENTS}add/",
        f"/admin/devices/device/{device}/",
        "/admin/security/",
    ):
        html = in_both.get(page).content.decode()
        assert clinics_on(html) == {"northside"}
        assert html.count('name="for_clinic"') == html.count('name="csrfmiddlewaretoken"') > 1
    assert clinics_on(Client().get("/admin/login/").content.decode()) == set()


def test_what_was_opened_in_the_one_clinic_is_not_saved_in_the_other(in_both, northside, southside):
    form = {"code": "user_77", "first_name": "A", "last_name": "B", "gender": "other", "timezone": "UTC",
            "target_low": 70, "target_high": 180, "glucose_goals": "adult", "for_clinic": "northside"}  # fmt: skip
    in_both.post("/admin/switch-organization/", {"organization": "southside", "for_clinic": "northside"})
    refused = in_both.post(f"{PATIENTS}add/", form)
    assert refused.status_code == 409
    assert "you now work in Southside" in refused.content.decode()
    with southside.scope():
        assert not Patient.objects.filter(code="user_77").exists()
    assert in_both.post(f"{PATIENTS}add/", {**form, "for_clinic": "southside"}).status_code == 302
    with southside.scope():
        assert Patient.objects.filter(code="user_77").exists()


def test_a_key_is_not_issued_in_the_clinic_of_the_other_tab(in_both, northside, southside):
    in_both.post("/admin/switch-organization/", {"organization": "southside"})
    device = southside.devices[1]
    sent = {"action": "issue", "for_clinic": "northside"}
    assert in_both.post(f"/admin/devices/device/{device.pk}/", sent).status_code == 409
    with southside.scope():
        assert not DeviceKey.objects.filter(device=device).exists()


def test_signing_out_works_from_every_tab(in_both):
    in_both.post("/admin/switch-organization/", {"organization": "southside"})
    assert in_both.post("/admin/logout/", {"for_clinic": "northside"}).status_code == 302
    assert in_both.get(PATIENTS).status_code == 302


def posting_pages() -> list[str]:
    """Every page of the admin and of the accounts; parameters are filled with something."""
    found = [f"/admin/{pattern.pattern}" for pattern in admin.site.urls[0]]
    for resolver in (pattern for pattern in admin.site.urls[0] if hasattr(pattern, "url_patterns")):
        found += [f"/admin/{resolver.pattern}{inner.pattern}" for inner in resolver.url_patterns]
    found += [
        f"/{pattern.pattern}" for pattern in get_resolver().url_patterns if str(pattern.pattern).startswith("account/")
    ]
    plain = (re.sub(r"<[^>]+>|\(\?P<[^)]*\)", "1", path).replace("^", "").replace("$", "") for path in found)
    return sorted({path for path in plain if "?" not in path and path.endswith("/")})


@pytest.mark.promise(26)
@pytest.mark.parametrize("path", posting_pages())
def test_no_page_takes_a_post_without_the_token_against_forgery(northside, path):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = northside.admin("owner").cookies
    assert strict.post(path, {"organization": "northside"}).status_code == 403
    assert strict.get("/admin/security/").status_code == 200, "the session goes on"
