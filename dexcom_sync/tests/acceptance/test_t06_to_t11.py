"""Consents that end, and records that come late, twice, or change: T6 to T11."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dexcom_sync.models import Connection, Egv, Event, FormerRecord, QuarantinedRecord
from dexcom_sync.storing.rows import MODELS
from dexcom_sync.tests.acceptance.world import DAY, END, HOUR, World

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status


@pytest.mark.parametrize("variant", ["401_then_invalid_grant", "403", "invalid_grant_only"])
def test_t6_a_consent_is_withdrawn(world: World, variant: str) -> None:
    """T6. Nothing is read after the next cycle; four probes, and no call more."""
    connection = world.connect("edge-settings")
    world.poll(connection)
    world.sandbox.revoke("edge-settings", variant)
    world.wait(3 * HOUR)
    world.poll_what_is_due()
    assert world.state(connection).status == Status.AUTH_SUSPECT
    data = ("egvs", "events", "calibrations", "alerts", "devices")
    read = [call for call in world.sandbox.log() if call["endpoint"] in data and call["status"] == 200]

    for _ in range(40):
        world.wait(HOUR)
        world.poll_what_is_due()

    state = world.state(connection)
    assert (state.status, state.probes, state.next_due_at) == (Status.REAUTH_REQUIRED, 4, None)
    after = [call for call in world.sandbox.log() if call["endpoint"] in data and call["status"] == 200]
    assert after == read
    assert len([call for call in world.sandbox.log() if call["status"] in (400, 401, 403)]) <= 2 * 5


def test_t6_connected_again_goes_on_where_it_was(world: World) -> None:
    """The same connection, the next generation, nothing twice."""
    connection = world.connect("edge-settings")
    world.read_everything(connection)
    world.sandbox.revoke("edge-settings")
    world.poll(connection)

    again = world.connect("edge-settings")

    assert again.pk == connection.pk
    assert world.poll(again).new == 0
    assert world.state(connection).status == Status.ACTIVE
    world.is_as_in_the_ledger(connection, "edge-settings")


@pytest.mark.parametrize("hours", [30, pytest.param(80, marks=pytest.mark.nightly)])
def test_t7_late_data(world: World, hours: int) -> None:
    """T7. A day that came a day late, and a receiver's that came three weeks late and moved the start."""
    moments = world.sandbox.user("edge-late")["moments"]
    assert moments
    world.begin(END - 8 * DAY)
    connection = world.connect("edge-late")
    world.read_everything(connection)
    for _ in range(10 * 24 // hours):
        world.wait(timedelta(hours=hours))
        world.read_everything(connection)
    world.is_as_in_the_ledger(connection, "edge-late")


NIGHTLY = pytest.mark.nightly


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param([30, 30, 24 * 12], marks=NIGHTLY),
        [8, 5, 5, 24 * 5, 24 * 12],
        pytest.param([24 * 13], marks=NIGHTLY),
    ],
)
def test_t8_edited_events(world: World, hours: list[int]) -> None:
    """T8. However it was polled, what stands is what Dexcom says; what it said before is kept."""
    world.begin(END - 10 * DAY + HOUR)
    connection = world.connect("edge-events")
    world.read_everything(connection)
    for length in hours:
        world.wait(timedelta(hours=length))
        world.read_everything(connection)
    world.is_as_in_the_ledger(connection, "edge-events")

    former = world.in_clinic(lambda: FormerRecord.objects.filter(resource="events").count())
    deleted = world.in_clinic(lambda: Event.objects.filter(event_status="deleted").count())
    # Who looks once sees nothing of what was said in between.
    assert former >= 2 or len(hours) == 1
    assert deleted == 2


@pytest.mark.parametrize("begin", [END - DAY, END + 2 * HOUR], ids=["phone first", "both at once"])
def test_t9_phone_and_receiver(world: World, begin: Any) -> None:
    """T9. As many canonical values as physical readings, as many records as both devices told."""
    world.begin(begin)
    connection = world.connect("edge-dual")
    world.read_everything(connection)
    world.wait(END + 8 * HOUR - begin)
    world.read_everything(connection)

    entries = world.sandbox.ledger("edge-dual")
    physical = {(one["record"]["transmitterId"], one["record"]["transmitterTicks"]) for one in entries}
    assert world.in_clinic(lambda: Egv.objects.count()) == len(entries)
    assert world.in_clinic(lambda: Egv.objects.filter(is_canonical=True).count()) == len(physical)


@pytest.mark.parametrize("user", ["edge-times", "edge-dst", "edge-clock", "edge-dup"])
def test_t10_times(world: World, user: str) -> None:
    """T10. Every record at the right instant, and none twice."""
    connection = world.connect(user)
    world.read_everything(connection)
    world.is_as_in_the_ledger(connection, user)


@pytest.mark.parametrize("user", ["edge-dup", "edge-events"])
def test_t11_three_times_the_same(world: World, user: str) -> None:
    """T11. Rows, versions and digests as before."""
    connection = world.connect(user)
    world.read_everything(connection)

    def standing() -> Any:
        rows = [list(model.objects.order_by("record_id").values()) for model in MODELS.values()]
        return rows, FormerRecord.objects.count(), QuarantinedRecord.objects.count()

    before = world.in_clinic(standing)
    for _ in range(2):
        world.wait(8 * DAY)
        outcome = world.poll(connection)
        world.read_past()
        assert (outcome.new, outcome.changed, outcome.failed) == (0, 0, {}) if user == "edge-dup" else outcome
    after = world.in_clinic(standing)
    if user == "edge-dup":
        assert after == before
