"""The core of the suite under both values of whatever Dexcom leaves open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dexcom_sync.models import Connection
from dexcom_sync.tests.acceptance.world import END, HOUR, World, forget_pauses

pytestmark = pytest.mark.django_db(transaction=True)

VALUES: list[dict[str, Any]] = [
    {},
    {"bounds": "closed"},
    {"future_end": "accept"},
    {"event_value": "number"},
    {"record_type": "plural"},
    {"order": "asc"},
    {"order": "shuffled"},
    {"static_code": "on"},
    {"refresh_reuse": "kills_family"},
    {"refresh_ttl_mode": "absolute"},
    {"access_ttl_s": 1800},
    {"old_access": "dies"},
    {"revoke_as": "403"},
    {"retry_after": "off"},
    {"rate_counts_tokens": "off"},
    {"last_sync": "correct"},
    {"system_time_zone": "Z"},
    {"system_time_zone": "naive"},
    {"gzip": "on"},
    {"delay_us_h": 3},
]


# The others at night; T2, T6 and T13 try refresh_reuse, revoke_as and retry_after by day.
BY_DAY = ("bounds", "event_value", "order", "refresh_ttl_mode", "old_access", "system_time_zone")


def _case(values: dict[str, Any]) -> Any:
    name = "-".join(f"{name}={one}" for name, one in values.items()) or "defaults"
    by_day = all(name in BY_DAY for name in values)
    return pytest.param(values, id=name, marks=[] if by_day else pytest.mark.nightly)


@pytest.fixture(params=[_case(values) for values in VALUES])
def switched(request: pytest.FixtureRequest, world: World) -> World:
    world.configure(**request.param)
    return world


def test_all_is_read_and_all_edits_are(switched: World) -> None:
    """A connection in the middle of the edits, its past, twelve days of polls, and what was limited on the way."""
    began = END - timedelta(days=10)
    switched.begin(began + 8 * HOUR)
    connection = switched.connect("edge-events")
    switched.sandbox.fault({"endpoint": "events"}, "status", status=429, retry_after=1)
    switched.poll(connection)
    forget_pauses()
    switched.read_everything(connection)
    switched.is_as_in_the_ledger(connection, "edge-events")
    for length in (7 * HOUR, timedelta(days=3), timedelta(days=9)):
        switched.wait(length)
        switched.read_everything(connection)
    switched.is_as_in_the_ledger(connection, "edge-events")

    state = switched.state(connection)
    assert (state.status, state.last_error, state.is_backfilling) == (Connection.Status.ACTIVE, "", False)
    assert switched.sandbox.tokens("edge-events")["reuse_attempts"] == 0
    assert {call["status"] for call in switched.sandbox.log() if call["endpoint"] != "login"} <= {200, 429}
