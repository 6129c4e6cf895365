"""Two pollers, one command: whoever asks at the same moment, in one process or in two, it is delivered once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.db import transaction

from devices.commands.models import CommandStep, DeviceCommand, Kind, Priority, Status
from devices.commands.services import order_command
from devices.commands.sweep import take_due_steps
from devices.services import issue_key
from edge.tests.asking import Reply, Sent, ask, pooled_edge
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS, POLLERS, COMMANDS = 20, 6, 3


def order(clinic: Clinic, device: int = 0, **said: Any) -> str:
    with clinic.scope(), transaction.atomic():
        return str(order_command(device=clinic.devices[device], type=Kind.RESTART, **said).public_id)


def poll(clinic: Clinic, device: int = 0, query: str = "") -> Sent:
    name = clinic.devices[device].code
    return Sent("GET", f"/api/v1/devices/{name}/commands", {"X-API-Key": clinic.organization_key}, query=query)


def say(clinic: Clinic, command: str, body: dict[str, Any], device: int = 0) -> Sent:
    name = clinic.devices[device].code
    return Sent("PUT", f"/api/v1/devices/{name}/commands/{command}", {"X-API-Key": clinic.organization_key}, body)


def given(replies: list[Reply]) -> list[str]:
    assert {reply.status for reply in replies} == {200}
    return [item["id"] for reply in replies for item in reply.body]


def test_each_command_goes_to_one_of_many_pollers(northside: Clinic) -> None:
    async def poll_everywhere(edges: list[Any]) -> list[Reply]:
        return await asyncio.gather(*(ask(edge, poll(northside)) for _ in range(POLLERS) for edge in edges))

    async def rounds() -> None:
        async with pooled_edge() as (one, _), pooled_edge() as (other, _):
            for _ in range(ROUNDS):
                ordered = await asyncio.to_thread(lambda: sorted(order(northside) for _ in range(COMMANDS)))
                assert sorted(given(await poll_everywhere([one, other]))) == ordered
            assert given(await poll_everywhere([one, other])) == []

    asyncio.run(rounds())
    with northside.scope(), transaction.atomic():
        assert set(DeviceCommand.objects.values_list("deliveries", flat=True)) == {1}
        assert CommandStep.objects.filter(status=Status.SENT).count() == ROUNDS * COMMANDS


@pytest.mark.promise(1)
def test_devices_of_one_group_get_their_own_commands(northside: Clinic, southside: Clinic) -> None:
    """The clinics' devices have the same codes. A command's id is no right to it, nor is its place in the group."""
    pairs = [(clinic, device) for clinic in (northside, southside) for device in (0, 1)]
    ordered = [order(clinic, device) for clinic, device in pairs]

    async def scenario() -> None:
        async with pooled_edge() as (edge, database):
            replies = await asyncio.gather(*(ask(edge, poll(clinic, device)) for clinic, device in pairs))
            assert [[item["id"] for item in reply.body] for reply in replies] == [[command] for command in ordered]
            assert database.most_clinics == 2
            body = {"status": "completed"}
            asked = [say(clinic, command, body, device) for clinic, device in pairs for command in ordered]
            statuses = [reply.status for reply in await asyncio.gather(*(ask(edge, one) for one in asked))]
            assert statuses == [200 if mine == command else 404 for mine in ordered for command in ordered]

    asyncio.run(scenario())


def test_reports_that_come_together_are_one(northside: Clinic) -> None:
    command = order(northside)

    async def scenario() -> list[Reply]:
        async with pooled_edge() as (edge, _):
            await ask(edge, poll(northside))
            bodies: list[dict[str, Any]] = [{"status": "executing"}, {"status": "executing"}]
            bodies += [{"status": "completed", "result": [1, None, "ä"]}] * 2 + [{"status": "failed"}]
            return list(await asyncio.gather(*(ask(edge, say(northside, command, body)) for body in bodies)))

    replies = asyncio.run(scenario())
    assert [reply.status for reply in replies] == [200, 200, 200, 200, 409]
    assert replies[0] == replies[1]
    assert replies[2] == replies[3]
    with northside.scope(), transaction.atomic():
        stored = DeviceCommand.objects.get()
        assert (stored.status, stored.result, stored.next_step_at) == ("completed", [1, None, "ä"], None)
        assert take_due_steps(stored.expires_at) == 0


def test_a_devices_own_key_and_the_order_under_a_limit(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        other = issue_key(device=northside.devices[1]).text
    ordered = [order(northside, priority=priority) for priority in (Priority.NORMAL, Priority.CRITICAL)]

    async def scenario() -> None:
        async with pooled_edge() as (edge, _):
            mine = poll(northside, query="limit=1")
            foreign = Sent(mine.method, mine.path, {"X-API-Key": other})
            refused, first = await asyncio.gather(ask(edge, foreign), ask(edge, mine))
            assert (refused.status, given([first])) == (404, [ordered[1]])
            assert (await ask(edge, poll(northside, query="limit=0"))).status == 422
            assert given([await ask(edge, poll(northside))]) == [ordered[0]]

    asyncio.run(scenario())
