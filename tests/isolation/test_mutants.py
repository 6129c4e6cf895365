"""Holes are made on purpose, and the proof must see them: a proof that cannot fail proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest
from django.db import connections

from accounts.roles import Role
from glucose_platform.routes import ROUTES
from tenancy.managers import TenantManager
from tests.isolation import catalogue, reviewed
from tests.isolation.attacks import faults_of_route
from tests.isolation.callers import Caller, callers_of
from tests.isolation.conftest import limits_that_may_be_emptied
from tests.isolation.world import World, world_in_a_transaction

pytestmark = pytest.mark.promise(1, 3)

POLICY = "organization_id = current_setting('app.organization_id')::bigint"
ROUTE = {route.name: route for route in ROUTES}


@contextmanager
def as_owner(change: str, undo: str) -> Iterator[None]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(change)
        try:
            yield
        finally:
            cursor.execute(undo)


@contextmanager
def open_policy(table: str) -> Iterator[None]:
    with as_owner(
        f"ALTER POLICY organization ON {table} USING (true) WITH CHECK (true)",
        f"ALTER POLICY organization ON {table} USING ({POLICY}) WITH CHECK ({POLICY})",
    ):
        yield


@contextmanager
def unscoped_managers() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(TenantManager, "get_queryset")
        yield


def owner_of_north(world: World) -> Caller:
    return next(caller for caller in callers_of(world.north, (Role.OWNER,)) if caller.name == Role.OWNER)


def faults(*names: str, under: AbstractContextManager[None] | None = None) -> list[str]:
    """``under``: what is broken while the routes are asked, but not yet while the clinics are made."""
    with limits_that_may_be_emptied(), world_in_a_transaction() as world, under or nullcontext():
        owner = owner_of_north(world)
        return [fault for name in names for fault in faults_of_route(ROUTE[name], owner, world)]


@pytest.fixture(autouse=True)
def database(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Not pytest-django's transaction: the owner's changes are committed, and undone, around each world."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield
        connections["owner"].close()


def test_without_a_hole_there_is_no_fault() -> None:
    assert faults("patients", "patient", "devices") == []


def test_an_open_policy_is_seen_by_the_catalogue() -> None:
    with open_policy("patients_patient"):
        assert catalogue.policies() != reviewed.POLICIES
    assert catalogue.policies() == reviewed.POLICIES


def test_managers_that_name_no_organization_are_seen_by_the_watch() -> None:
    """Nothing leaks: the policies hold. But the second line is gone, and the statements show it."""
    found = faults("patients", "patient", under=unscoped_managers())

    assert any("asks without an organization" in fault for fault in found)
    assert not any("shows CANARY" in fault for fault in found)


def test_an_open_policy_and_unscoped_managers_are_seen_as_a_leak() -> None:
    with open_policy("patients_patient"):
        found = faults("patients", "patient", under=unscoped_managers())

    assert any("GET /api/v1/patients shows CANARY-SOUTH" in fault for fault in found)
    assert any("changed rows of southside" in fault for fault in found)


def test_a_missing_policy_shuts_the_table_and_the_liveness_sees_it() -> None:
    """Row-level security without a policy answers nothing: that fails safe, and not in silence."""
    with as_owner(
        "DROP POLICY organization ON devices_device",
        f"CREATE POLICY organization ON devices_device TO glucose_app USING ({POLICY}) WITH CHECK ({POLICY})",
    ):
        assert catalogue.policies() != reviewed.POLICIES
        with pytest.raises(Exception, match="row-level security"), world_in_a_transaction():
            pytest.fail("a clinic was made without the policy")
    assert catalogue.policies() == reviewed.POLICIES
