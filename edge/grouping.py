"""Whatever waits goes into one piece of work together, and each gets its own answer."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar, cast

from edge.metrics import GroupMetrics

Item = TypeVar("Item")
Answer = TypeVar("Answer")
# One answer for each item, in their order; an exception among them is raised to that item's caller alone.
Work = Callable[[Sequence[Item]], Awaitable[Sequence["Answer | Exception"]]]


class Overloaded(Exception):
    """So many wait already that one more would wait too long."""


class Group(Generic[Item, Answer]):
    """``name``: in metrics; ``most``: items of one piece of work; ``waiting``: items that may wait; ``at_once``: pieces
    running side by side.

    A piece begins as soon as anything waits: under light load it has one item and nothing is slower, under heavy load
    it has as many as came while the pieces before it ran. A caller that goes away changes nothing for its neighbours,
    nor for its own item.
    """

    def __init__(self, work: Work[Item, Answer], *, name: str, most: int, waiting: int, at_once: int = 1) -> None:
        self._work = work
        self._most = most
        self._waiting = waiting
        self._at_once = at_once
        self._queue: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._metrics = GroupMetrics(name, lambda: len(self._queue))

    async def ask(self, item: Item) -> Answer:
        """Raises Overloaded, and whatever the work answers for this item."""
        if len(self._queue) >= self._waiting:
            self._metrics.refused()
            raise Overloaded
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._queue.append((item, future))
        if len(self._running) < self._at_once:
            # A task begins in the loop's next round: what else arrived in this one comes along.
            self._running.add(loop.create_task(self._run()))
        return await future

    async def finish(self) -> None:
        """Until everything that waits has its answer."""
        while self._running:
            await asyncio.wait(self._running)

    async def _run(self) -> None:
        try:
            await self._empty_the_queue()
        finally:
            # Here and not in a callback: whoever asks between this task's end and its callback would wait for ever.
            self._running.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _empty_the_queue(self) -> None:
        while self._queue:
            taken = [self._queue.popleft() for _ in range(min(self._most, len(self._queue)))]
            answers = await self._answers([item for item, _ in taken])
            for (_, future), answer in zip(taken, answers, strict=True):
                if future.done():
                    continue  # the caller went away
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    async def _answers(self, items: Sequence[Item]) -> Sequence[Answer | Exception]:
        begun, failed = time.perf_counter(), False
        try:
            answers = await self._work(items)
            if len(answers) != len(items):
                raise RuntimeError(f"{len(answers)} answers were made for {len(items)} items.")
            return answers
        except Exception as error:  # noqa: BLE001  raised to each caller
            failed = True
            return [error] * len(items)
        finally:
            self._metrics.done(items=len(items), seconds=time.perf_counter() - begun, failed=failed)
