"""Whatever waits is answered together: by whom, how often, and what becomes of those who fail or leave."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest
from prometheus_client import REGISTRY

from edge.answers import answer_to
from edge.grouping import Group, Overloaded


class Work:
    """Answers each item with ten times itself when the gate is open, and remembers what came together."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.gate = asyncio.Event()
        self.running = self.most_running = 0

    async def __call__(self, items: Sequence[int]) -> Sequence[int | Exception]:
        self.groups.append(list(items))
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        await self.gate.wait()
        self.running -= 1
        return [ValueError(str(item)) if item < 0 else item * 10 for item in items]


def group_of(work: Any, *, most: int = 100, waiting: int = 100, at_once: int = 1) -> Group[int, int]:
    return Group(work, name="test", most=most, waiting=waiting, at_once=at_once)


async def started(*questions: Coroutine[Any, Any, int]) -> list[asyncio.Task[int]]:
    """All are asked, and the work that can begin has begun."""
    tasks = [asyncio.create_task(question) for question in questions]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_who_waits_meanwhile_comes_together_in_order_and_each_gets_its_own_answer() -> None:
    async def scenario() -> None:
        work = Work()
        group = group_of(work, most=3)
        first = await started(group.ask(0))
        others = await started(*(group.ask(number) for number in range(1, 6)))
        assert work.groups == [[0]]
        work.gate.set()
        assert await asyncio.gather(*first, *others) == [0, 10, 20, 30, 40, 50]
        assert work.groups == [[0], [1, 2, 3], [4, 5]]

    asyncio.run(scenario())


def test_what_arrives_in_one_moment_is_one_group() -> None:
    async def scenario() -> None:
        work = Work()
        group = group_of(work, at_once=2)
        work.gate.set()
        assert await asyncio.gather(*(group.ask(number) for number in range(50))) == [n * 10 for n in range(50)]
        assert work.groups == [list(range(50))]

    asyncio.run(scenario())


def test_who_asks_in_the_moment_that_a_piece_ends_is_answered() -> None:
    async def twice(group: Group[int, int]) -> list[int]:
        # The answer arrives before the loop has heard of the piece's end.
        return [await group.ask(1), await group.ask(2)]

    async def scenario() -> None:
        work = Work()
        work.gate.set()
        async with asyncio.timeout(5):
            assert await twice(group_of(work)) == [10, 20]

    asyncio.run(scenario())


def test_no_more_pieces_side_by_side_than_set() -> None:
    async def scenario() -> None:
        work = Work()
        group = group_of(work, most=1, at_once=2)
        tasks = await started(*(group.ask(number) for number in range(6)))
        assert work.groups == [[0], [1]]
        work.gate.set()
        assert await asyncio.gather(*tasks) == [0, 10, 20, 30, 40, 50]
        assert work.most_running == 2

    asyncio.run(scenario())


def test_one_that_fails_fails_alone() -> None:
    async def scenario() -> None:
        work = Work()
        group = group_of(work)
        work.gate.set()
        answers = await asyncio.gather(*(group.ask(n) for n in (1, -2, 3)), return_exceptions=True)
        assert (answers[0], answers[2]) == (10, 30)
        assert isinstance(answers[1], ValueError)
        assert str(answers[1]) == "-2"

    asyncio.run(scenario())


def test_work_that_fails_as_a_whole_fails_its_callers_and_not_the_next_ones() -> None:
    async def fail_at_first(items: Sequence[int]) -> Sequence[int]:
        if 0 in items:
            raise ConnectionError
        return items

    async def scenario() -> None:
        group = group_of(fail_at_first)
        answers = await asyncio.gather(group.ask(0), group.ask(1), return_exceptions=True)
        assert [type(answer) for answer in answers] == [ConnectionError, ConnectionError]
        assert await group.ask(2) == 2

    asyncio.run(scenario())


def test_who_goes_away_changes_nothing_for_neighbours_nor_for_the_own_item() -> None:
    async def scenario() -> None:
        work = Work()
        group = group_of(work)
        running, waiting = await started(group.ask(1)), await started(group.ask(2), group.ask(3))
        running[0].cancel()
        waiting[0].cancel()
        work.gate.set()
        assert await waiting[1] == 30
        assert work.groups == [[1], [2, 3]]
        assert running[0].cancelled()
        assert waiting[0].cancelled()

    asyncio.run(scenario())


def refusals() -> float:
    return REGISTRY.get_sample_value("glucose_edge_overloads_total", {"group": "test"}) or 0


def test_one_too_many_is_refused_at_once_and_counted() -> None:
    async def scenario() -> None:
        work = Work()
        group = group_of(work, waiting=2)
        tasks = await started(group.ask(0))
        tasks += await started(group.ask(1), group.ask(2))
        before = refusals()
        with pytest.raises(Overloaded):
            await group.ask(3)
        assert refusals() == before + 1
        work.gate.set()
        assert await asyncio.gather(*tasks) == [0, 10, 20]
        assert await group.ask(3) == 30

    asyncio.run(scenario())


@pytest.mark.promise(45)
def test_an_overload_is_a_503_that_says_when_to_come_again() -> None:
    answer = answer_to(Overloaded())
    assert (answer.status, answer.headers) == (503, {"Retry-After": "1"})
    assert "Please try again" in answer.body["detail"]


def test_finish_waits_until_everybody_has_an_answer() -> None:
    async def scenario() -> None:
        work = Work()
        group = group_of(work, most=1, at_once=2)
        tasks = await started(*(group.ask(number) for number in range(5)))
        finish = asyncio.create_task(group.finish())
        await asyncio.sleep(0)
        assert not finish.done()
        work.gate.set()
        await finish
        assert [task.result() for task in tasks] == [0, 10, 20, 30, 40]
        await group.finish()

    asyncio.run(scenario())


def test_too_few_answers_are_an_error_of_each_caller_and_nobody_waits_for_ever() -> None:
    async def forgetful(items: Sequence[int]) -> Sequence[int]:
        return items[1:]

    async def scenario() -> None:
        group = group_of(forgetful)
        async with asyncio.timeout(5):
            answers = await asyncio.gather(group.ask(1), group.ask(2), return_exceptions=True)
        assert all(isinstance(answer, RuntimeError) for answer in answers)

    asyncio.run(scenario())
