"""A transaction that met another one is done again, and what was found out outside of the database stays as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import edge.batches
import edge.posts
from edge.tests.asking import Reply, Sent, ask, pooled_edge
from edge.tests.posting import instant, path, reading, slot_is_held, stored
from readings.store import AssignmentChanged
from readings.store.steps import store_steps
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)


def disturbed(times: int) -> Callable[..., Any]:
    """The store, as if an assignment was changed beside it so often."""
    left = iter(range(times))

    def steps(*arguments: Any) -> Any:
        if next(left, None) is not None:
            raise AssignmentChanged
        return store_steps(*arguments)

    return steps


def post_at_once(clinic: Clinic, bodies: Sequence[Any]) -> list[Reply]:
    async def do() -> list[Reply]:
        async with pooled_edge() as (edge, _):
            headers = {"X-API-Key": clinic.device_key}
            return await asyncio.gather(
                *(ask(edge, Sent("POST", f"/api/v1{path()}", headers, body)) for body in bodies)
            )

    return asyncio.run(do())


@pytest.mark.promise(42)
@pytest.mark.parametrize("times", [0, 1, 2])
def test_who_was_refused_the_slot_stays_refused(northside: Clinic, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    monkeypatch.setattr(edge.posts, "store_steps", disturbed(times))
    first, second = post_at_once(northside, [reading(timestamp=instant(minutes)) for minutes in (1, 2)])
    assert (first.status, second.status) == (201, 429)
    assert stored(northside) == [120]
    assert slot_is_held(northside)


def test_a_batch_that_met_a_new_assignment_is_stored_by_the_next_try(
    northside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge.batches, "store_steps", disturbed(2))
    (reply,) = post_at_once(northside, [{"readings": [reading()]}])
    assert (reply.status, reply.body["accepted"]) == (200, 1)
    assert stored(northside) == [120]


def test_after_three_tries_nothing_is_stored_and_the_slot_is_free(
    northside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge.posts, "store_steps", disturbed(3))
    (reply,) = post_at_once(northside, [reading()])
    assert reply.status == 500
    assert stored(northside) == []
    assert not slot_is_held(northside)
