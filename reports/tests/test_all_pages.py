"""Every page over a database that commits: what is read after the view's transaction has no scope and would fail."""

from __future__ import annotations

import pytest
from django.db import transaction

from tests.clinic_alarms import add_episode

PAGES = (
    "/admin/patients/patient/",
    "/admin/patients/patient/add/",
    "/admin/patients/patient/{patient}/",
    "/admin/patients/patient/{patient}/?period=14d",
    "/admin/patients/patient/{patient}/?period=90d",
    "/admin/patients/patient/{patient}/change/",
    "/admin/patients/patient/{patient}/medical-history/",
    "/admin/devices/device/",
    "/admin/devices/device/?status__exact=active",
    "/admin/devices/device/add/",
    "/admin/devices/device/{device}/",
    "/admin/devices/device/{device}/change/",
    "/admin/readings/?patient=user_5678",
    "/admin/readings/",
    "/admin/accounts/membership/",
    "/admin/accounts/membership/?role__exact=nurse",
    "/admin/invitations/",
    "/admin/removal-requests/",
    "/admin/emergency-access/",
    "/admin/alarms/",
    "/admin/alarms/statistics/",
    "/admin/alarms/{alarm}/",
    "/admin/clinic/",
    "/admin/patients/patient/archived/",
    "/admin/accounts/membership/{member}/change/",
    "/admin/password_change/",
    "/admin/security/",
    "/admin/support-access/",
    "/admin/jsi18n/",
    "/admin/search/?extended=1&s=last",
    "/admin/autocomplete/?app_label=devices&model_name=assignment&field_name=patient&term=l",
)


def _alarm(clinic):
    with clinic.scope(), transaction.atomic():
        return add_episode(clinic.patients[1], rule_code="a rule of its own").public_id


@pytest.mark.django_db(transaction=True)
def test_every_page_answers_over_a_committing_database(northside):
    northside.store(100, 110, 120)
    client = northside.admin("owner")
    ids = {
        "patient": northside.patients[0].pk,
        "device": northside.devices[0].pk,
        "member": northside.people["nurse"].pk,
        "alarm": _alarm(northside),
    }
    answers = {page: client.get(page.format(**ids)).status_code for page in PAGES}
    assert answers == dict.fromkeys(PAGES, 200)


@pytest.mark.parametrize("page", ["/admin/patients/", "/admin/devices/", "/admin/nothing/", "/admin/auth/user/"])
def test_there_are_no_other_pages(northside, page):
    assert northside.admin("owner").get(page).status_code in (302, 404)


def test_a_refusal_is_a_page_in_words(northside):
    assert "Your role in this clinic" in northside.admin("viewer").get("/admin/patients/patient/add/").content.decode()
