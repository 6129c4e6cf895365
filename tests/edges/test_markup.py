"""Names and notes that are HTML: in every page they are text, and in JSON no page could be made of them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction

from accounts.roles import Role
from tests.clinics import Clinic, make_clinic
from tests.isolation.callers import callers_of
from tests.isolation.pages import pages
from tests.isolation.world import Target

pytestmark = [pytest.mark.django_db, pytest.mark.promise(51)]
# Short enough for every field, and closing what it could stand in: an attribute, an element, a script.
MARKUP = """'"></script><b x=">"""


@pytest.fixture
def marked() -> Clinic:
    clinic = make_clinic("marked", canary=MARKUP)
    clinic.store(100, 55, 250)
    return clinic


def target_of(clinic: Clinic) -> Any:
    with clinic.scope(), transaction.atomic():
        return Target(
            clinic=clinic,
            patient=clinic.patients[0],
            device=clinic.devices[0],
            member=clinic.people["nurse"],
            key=clinic.devices[0].keys.get(),
            canaries=(MARKUP,),
            named_by_id={},
        )


def test_every_page_shows_markup_as_text(marked: Clinic) -> None:
    (owner,) = [caller for caller in callers_of(marked) if caller.name == Role.OWNER]
    target = target_of(marked)
    answers: dict[str, Any] = {}
    shown = 0
    for page in pages():
        with suppress(KeyError):  # a page of a row that this clinic has none of
            answers[page.name] = owner.client().get(page.path(target))
    for name, answer in answers.items():
        if answer.streaming or not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        text = answer.content.decode()
        assert "<b x=" not in text, name
        shown += "&lt;b x=" in text
    assert shown >= 6


def test_json_is_never_read_as_a_page(marked: Clinic) -> None:
    answer = marked.api("owner").get("/api/v1/patients", headers={"Accept": "text/html"})
    assert MARKUP in answer.json()["items"][0]["firstName"]
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
