"""The matrix is worth something only if its requests arrive: with their own identifiers, callers see and write rows."""

from __future__ import annotations

from itertools import product

import pytest

from glucose_platform.routes import ROUTES
from tenancy.api.routing import PUBLIC, Route
from tests.isolation.attacks import METHODS, path_of
from tests.isolation.bodies import body_for
from tests.isolation.callers import Caller, callers_of
from tests.isolation.cases import SAFE, Case, ask
from tests.isolation.world import STYLES, World

pytestmark = pytest.mark.promise(1)

# Reads that say nothing of what a clinic wrote: no canary to be seen.
WITHOUT_TEXT = {"device-stats", "device-health", "organization-settings", "admin-stats", "second-factor", "stream"} | {
    *("alert-stats", "alert-settings", "alert-configuration", "alert-channel-kinds", "alert-timeline"),
    *("device-battery", "device-settings", "devices-statistics", "system-metrics"),
    *("dexcom-auth-url", "dexcom-usage"),
    *("analytics-summary", "analytics-trends", "analytics-hourly-stats", "patient-summary"),
    *("plans", "subscription", "usage", "device-claims", "commands-stats", "device-sensor-values"),
    *("health-metric-types", "patient-vitals-history", "health-scores-computed", "activities-score"),
    *("vital-thresholds", "clinic-vital-thresholds"),
    *("health-metric-aggregate", "health-metric-trends", "patient-daily-stats"),
    *("user-analytics-summary", "user-analytics-agp", "user-analytics-days", "user-analytics-compare"),
}
# Writes that a made-up body cannot bring to success, each with the reason.
NEEDS_MORE: dict[tuple[str, str], str] = {
    ("login", "POST"): "a password",
    ("token", "POST"): "a password, as a form",
    ("refresh", "POST"): "a refresh token",
    ("firebase", "POST"): "an ID token",
    ("firebase-link", "POST"): "an ID token, and the password",
    ("register", "POST"): "the token of an invitation, which the body names; without one it is tested with mails",
    ("verify-email", "POST"): "the token of a mail",
    ("reset-password", "POST"): "the token of a mail",
    ("change-password", "POST"): "the password",
    ("patient-imports", "POST"): "a file, as a form: readings/tests/test_imports_api.py",
    ("accept-invitation", "POST"): "the token of a mail",
    ("decline-invitation", "POST"): "the token of a mail",
    ("second-factor-enrol", "POST"): "the password",
    ("second-factor-confirm", "POST"): "a code of the device that is being set up",
    ("second-factor-disable", "POST"): "the password, and a code",
    ("second-factor-codes", "POST"): "the password, and a code",
    ("support-access", "DELETE"): "an access that is still open",
    ("alert-rules", "POST"): "a group or a patient, not both",
    ("alert-group", "DELETE"): "a group without patients",
    ("alert-channel", "PATCH"): "an address and a secret that the channel's kind takes",
    ("alert-channel", "DELETE"): "a channel that no contact is told by",
    ("alert-contacts", "POST"): "a member or a channel that is not told at this step already",
    ("alert-delivery-retry", "POST"): "a message that was refused or given up",
    ("stripe-webhook", "POST"): "a signature of the payment provider: accounts/tests/plans",
    ("plan-checkout", "POST"): "a payment provider: accounts/tests/plans",
    ("plan-portal", "POST"): "a payment provider: accounts/tests/plans",
    ("admission", "PATCH"): "a stay that has not ended, or that its end is taken back",
    ("device-claims", "POST"): "either a device or a new one: devices/provisioning/tests",
    ("device-provision", "POST"): "a claim code: devices/provisioning/tests",
    ("commands-bulk", "POST"): "a template or a type with its parameters: devices/commands/tests",
    ("device-commands", "POST"): "a template or a type with its parameters: devices/commands/tests",
    ("command-retry", "POST"): "a command that failed",
    ("device-command", "PUT"): "a result beside completed or failed only: edge/tests",
    ("health-metrics", "POST"): "a unit and a value of the kind: vitals/tests",
    ("health-metric", "PUT"): "a unit and a value of the kind: vitals/tests",
    ("health-scores", "POST"): "names of measurements: vitals/tests",
    ("health-score", "PUT"): "names of measurements: vitals/tests",
    ("health-goals", "POST"): "a unit of the measurement: vitals/tests",
    ("health-goal", "PUT"): "a unit of the measurement: vitals/tests",
    ("vital-thresholds", "PUT"): "bounds that the measurement can have: alerts/tests",
    ("clinic-vital-thresholds", "PUT"): "bounds that the measurement can have: alerts/tests",
    ("dexcom-auth-token", "POST"): "a code of Dexcom's page",
    ("dexcom-connection-resume", "POST"): "a connection that is paused",
    ("dexcom-connection-accept", "POST"): "a connection that was stopped",
    ("emergency-accesses", "POST"): "a clinic whose staff see their own patients only",
}

TENANT_ROUTES = [route for route in ROUTES if set(route.access.values()) != {PUBLIC}]
READS = [route for route in TENANT_ROUTES if "GET" in route.access]
WRITES = [(route, method) for route in ROUTES for method in METHODS if method in route.access and method not in SAFE]


@pytest.fixture(scope="module")
def callers(world: World) -> list[Caller]:
    return callers_of(world.south)


@pytest.mark.parametrize("route", READS, ids=[route.name for route in READS])
def test_own_rows_are_seen(route: Route, callers: list[Caller], world: World) -> None:
    own = world.target(world.south)
    shown = own.canaries if route.name not in WITHOUT_TEXT else ("",)
    statuses: set[int] = set()
    paths = {path_of(route, own, style) for style in STYLES[:3]}
    for caller, path in product(callers, sorted(paths)):
        answer = ask(Case(caller, "GET", path))
        statuses.add(answer.status)
        if answer.is_success and any(canary in answer.text for canary in shown):
            return

    pytest.fail(f"Nobody sees their own rows: {statuses}")


@pytest.mark.parametrize(("route", "method"), WRITES, ids=[f"{method}-{route.name}" for route, method in WRITES])
def test_own_rows_can_be_written(route: Route, method: str, callers: list[Caller], world: World) -> None:
    own = world.target(world.south)
    texts: set[tuple[int, str]] = set()
    succeeded = False
    # One that succeeds is enough: the others would cost most of the time.
    for caller, style in product(callers, STYLES[:3]):
        answer = ask(Case(caller, method, path_of(route, own, style), body=body_for(route, method, own, fresh=True)))
        texts.add((answer.status, answer.text.rpartition("\n")[2][:300]))
        if succeeded := answer.is_success:
            break

    assert succeeded != ((route.name, method) in NEEDS_MORE), texts
