"""Every route leaves what it must in the ledger: a look, a change, a refusal; with who, whose, and in which request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import transaction

from accounts.roles import Role
from audit.actions import Action, Outcome
from audit.models import Entry
from glucose_platform.routes import ROUTES
from tenancy.api.routing import PUBLIC, Route
from tests.isolation.attacks import METHODS, path_of
from tests.isolation.bodies import body_for
from tests.isolation.callers import Caller, callers_of
from tests.isolation.cases import SAFE, Answer, Case, ask
from tests.isolation.pages import page_query, pages
from tests.isolation.world import STYLES, Target, World

pytestmark = pytest.mark.promise(56)

CALLERS = (Role.OWNER, Role.NURSE, Role.VIEWER, Role.PATIENT)
# Entries beside the one of the route: what is never covered by another look.
BESIDE = {"patients.history"}
# Writes that may change nothing, and then leave no entry.
SILENT = {
    ("commands-cancel", "POST"): "the ids are made up: each is refused by itself",
    ("commands-retry", "POST"): "the ids are made up: each is refused by itself",
    ("sessions", "DELETE"): "ends the other sign-ins, and there are none",
    ("end-emergency-access", "POST"): "it has ended already",
    ("firebase-link", "DELETE"): "nothing is linked",
    ("stream-ticket", "POST"): "it shows nothing; the stream that it opens leaves a look",
}
NONE, ONE, ONE_OR_MORE, ANY = range(1), range(1, 2), range(1, 99), range(99)
LOOKS = {Action.READ, Action.LIST, Action.EXPORT}
TENANT_ROUTES = [route for route in ROUTES if set(route.access.values()) != {PUBLIC}]


@dataclass(frozen=True)
class Left:
    """What a request was answered, and the entries that it left."""

    case: Case
    answer: Answer
    entries: list[Entry]

    def faults(self, route: Route, target: Target) -> Iterator[str]:
        written = [entry for entry in self.entries if entry.object_type not in BESIDE - {route.audited}]
        if len(written) not in self._allowed(route):
            yield f"{self.case} was answered {self.answer.status} and left {written}"
        for entry in self.entries:
            yield from self._entry_faults(route, entry, target)

    def _allowed(self, route: Route) -> range:
        """How many entries there may be."""
        is_read = self.case.method in SAFE
        if self.case.caller.is_key and not is_read:
            return NONE  # what devices send is not audited
        if self.case.caller.is_key and route.name == "stream":
            return NONE  # a device hears of its own commands only
        if self.answer.status == 403 or (self.answer.status == 404 and route.parameters):
            return ONE
        if not self.answer.is_success:
            return NONE if is_read else ANY  # a wrong password is told
        if is_read:
            return ONE if route.audited else NONE
        return ANY if (route.name, self.case.method) in SILENT else ONE_OR_MORE

    def _entry_faults(self, route: Route, entry: Entry, target: Target) -> Iterator[str]:
        caller = self.case.caller
        who = "key" if caller.is_key else "person"
        if entry.actor_kind != who or not entry.actor_id or (who == "person" and entry.actor_role != caller.name):
            yield f"{self.case}: {entry} does not tell who it was: {entry.actor_kind} {entry.actor_id}"
        if f"x-request-id: {entry.request_id}\n" not in f"{self.answer.text}\n".lower() or entry.ip != "127.0.0.1":
            yield f"{self.case}: {entry} does not tell the request: {entry.request_id} {entry.ip}"
        if not self.answer.is_success:
            if entry.outcome == Outcome.DONE:
                yield f"{self.case}: {entry} does not tell that it was refused"
        elif self.case.method in SAFE and entry.action not in LOOKS:
            yield f"{self.case}: {entry} is no look"
        elif self.case.method in SAFE and entry.object_type not in BESIDE | {route.audited}:
            yield f"{self.case}: {entry} is not of the kind that the route names"
        if self.answer.is_success and "code" in route.parameters and target.patient.pk not in entry.all_patient_ids:
            named = re.search(r"/patients/([^/?]+)", self.case.path)
            if named and named[1] == target.patient.code:
                yield f"{self.case}: {entry} does not tell whose record it is"


@pytest.fixture(scope="module")
def callers(world: World) -> list[Caller]:
    found = [caller for caller in callers_of(world.north, CALLERS) if caller.name != "anonymous"]
    assert {caller.name for caller in found} >= {*CALLERS, "device key"}
    return found


def ask_and_look(case: Case, world: World) -> Left:
    entries: list[Entry] = []
    with world.north.scope(), transaction.atomic():
        last = Entry.objects.order_by("-id").values_list("id", flat=True).first() or 0

    def look() -> None:
        with world.north.scope(), transaction.atomic():
            entries.extend(Entry.objects.filter(id__gt=last).order_by("id"))

    return Left(case, ask(case, look, also_after_reads=True), entries)


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=[route.name for route in TENANT_ROUTES])
def test_each_request_leaves_what_it_must(route: Route, callers: list[Caller], world: World) -> None:
    own, looked = world.target(world.north), False
    faults: list[str] = []
    for caller in callers:
        for method in (method for method in METHODS if method in route.access):
            for path in sorted({path_of(route, own, style) for style in STYLES[:3]}):
                body = None if method in SAFE else body_for(route, method, own, fresh=True)
                left = ask_and_look(Case(caller, method, path, body=body), world)
                looked = looked or (method in SAFE and left.answer.is_success)
                faults += left.faults(route, own)

    assert faults == [], "\n".join(faults[:20])
    assert looked or not route.audited


PAGES = pages()
# Pages that show a patient's data to the owner: so that none of them is passed over.
SHOWING = {
    "patients_patient_changelist",
    "patients_patient_change",
    "patients_patient_page",
    "patients_patient_report",
    "patients_patient_profile",
    "patients_patient_days",
    "patients_patient_statistics",
    "patients_patient_alarms",
    "patients_patient_devices",
    "index",
    "worklist_patient",
    "devices_device_changelist",
    "devices_device_page",
    "accounts_membership_changelist",
    "readings",
    "search",
    "autocomplete",
    "ledger",
}


def test_each_page_that_shows_a_patient_leaves_a_look(callers: list[Caller], world: World) -> None:
    (owner,) = [caller for caller in callers if caller.name == Role.OWNER]
    shown = world.second_patient(world.north)
    showing, faults = set(), []
    for page in PAGES:
        for query in (None, {"patient": shown.patient.code}, page_query(page, shown)):
            left = ask_and_look(Case(owner, "GET", page.path(shown), query=query), world)
            if left.answer.status != 200 or not any(canary in left.answer.text for canary in shown.canaries):
                continue
            showing.add(page.name)
            if not any(shown.patient.pk in entry.all_patient_ids and entry.action in LOOKS for entry in left.entries):
                faults.append(f"{left.case} showed {shown.patient.code} and left {left.entries}")

    assert faults == []
    assert showing >= SHOWING


def test_the_watch_sees_a_request_that_leaves_nothing(callers: list[Caller], world: World) -> None:
    """A route that names a look but writes none is found: the same request, asked as if it were of another kind."""
    (owner,) = [caller for caller in callers if caller.name == Role.OWNER]
    (unaudited,) = [route for route in ROUTES if route.name == "device-health"]
    own = world.target(world.north)
    left = ask_and_look(Case(owner, "GET", path_of(unaudited, own, "code")), world)
    claimed = Route(unaudited.path, unaudited.view, "claimed", unaudited.access, audited="devices.health")

    assert list(left.faults(unaudited, own)) == []
    assert list(left.faults(claimed, own)) != []
