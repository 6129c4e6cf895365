from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from accounts.services import add_member
from patients.services import create_patient
from tests.clinics import PASSWORD

SEARCH = "/admin/search/?extended=1&s="


def found(client, term):
    response = client.get(SEARCH + term)
    assert response.status_code == 200
    return response.content.decode()


def test_patients_and_devices_are_found(northside, southside):
    html = found(northside.admin("viewer"), "1234")
    assert "ARGUS_001234" in html
    html = found(northside.admin("viewer"), "last")
    assert "Last Northside" in html
    assert "Southside" not in html


def test_a_person_of_both_clinics_finds_only_those_of_the_chosen_one(northside, southside):
    for clinic in (northside, southside):
        with clinic.scope():
            add_member(email="both@clinics.example", name="Robin", role="nurse", password=PASSWORD)
    client = Client()
    client.login(username="both@clinics.example", password=PASSWORD)
    for chosen, other in (("northside", "southside"), ("southside", "northside")) * 2:
        client.post("/admin/switch-organization/", {"organization": chosen})
        html = found(client, "last")
        assert f"Last {chosen.title()}" in html
        assert f"Last {other.title()}" not in html


def test_names_are_not_kept_in_the_cache(northside):
    cache.clear()
    found(northside.admin("viewer"), "last")
    assert cache.keys("*") == []  # type: ignore[attr-defined]


def test_the_answer_is_limited(northside):
    with northside.scope(), transaction.atomic():
        for number in range(30):
            create_patient(code=f"many_{number}", first_name="Many", last_name="Peter")
    assert found(northside.admin("viewer"), "peter").count("<li") == 20


@pytest.mark.parametrize("term", ["", "%00", "%25", "x" * 5000])
def test_odd_terms_are_no_faults(northside, term):
    assert "CANARY" not in found(northside.admin("viewer"), term)


def test_the_choice_of_a_patient_tells_codes_and_stays_in_the_clinic(northside, southside):
    query = {"app_label": "devices", "model_name": "assignment", "field_name": "patient", "term": "Last"}
    texts = [one["text"] for one in northside.admin("nurse").get("/admin/autocomplete/", query).json()["results"]]
    assert len(texts) == 2
    assert "(user_5678)" in texts[0]
    assert not [text for text in texts if "Southside" in text]
