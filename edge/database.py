"""The data plane's own connections, as ``glucose_edge``: several organizations in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol, TypeVar, cast

import psycopg
from psycopg_pool import AsyncConnectionPool

from edge.metrics import TRANSACTIONS, watch_pool
from edge.startup import refuse_another_roles_connection
from edge.wire import Question, Rows, WireConnection, is_plain
from readings.store.steps import AssignmentChanged, Both, Steps, T, Unread

Result = TypeVar("Result")
TRIES = 3
# What another transaction caused, and trying again cures.
PASSING = (AssignmentChanged, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
# A caller passes through the pool two or three times: together they must end before devices give up.
POOL_SECONDS = 2.0
# Then the pool stops trying by itself, at longer and longer intervals, and the next caller makes it try at once.
RECONNECT_SECONDS = 2.0

# For what is stored all the time: each statement goes by indexes, and planning it costs more than running it.
PLAN_ONCE = "SET LOCAL plan_cache_mode = force_generic_plan"


class Transaction(Protocol):
    """One that has begun; its rows are those of the organizations it was begun for."""

    async def fetch(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any]) -> Rows:
        """The rows that the statement returns; an empty list where it returns none."""

    async def fetch_each(self, *questions: Question) -> list[Rows]:
        """The rows of each, in one round trip."""

    def defer(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> None:
        """Run it with the next statement, or with the commit: in its place, but without a round trip of its own."""


class Database(Protocol):
    def transaction(self, organization_ids: Collection[int]) -> AbstractAsyncContextManager[Transaction]:
        """Committed where the block ends, rolled back where it raises."""

    async def look_up(self, statement: str, parameters: Mapping[str, Any]) -> Rows:
        """Ask a definer function, before any organization is known."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...


async def run(transaction: Transaction, steps: Steps[T]) -> T:
    """The async side of ``readings.store.run_steps``."""
    try:
        question = next(steps)
        while True:
            if isinstance(question, Unread):
                transaction.defer(*question)
                question = steps.send([])
            elif isinstance(question, Both):
                answered = await transaction.fetch_each(*(Question(*each) for each in question))
                question = steps.send(cast("Rows", answered))
            else:
                question = steps.send(await transaction.fetch(*question))
    except StopIteration as done:
        result: T = done.value
        return result


async def until_it_passes(work: Callable[[], Awaitable[Result]]) -> Result:
    """``work``: a whole transaction; it is done again from its beginning where it met another one."""
    for _ in range(TRIES - 1):
        with suppress(*PASSING):
            return await work()
    return await work()


class PooledTransaction:
    """``waiting``: what goes out with the first statement."""

    def __init__(self, connection: WireConnection, waiting: Sequence[str] = ()) -> None:
        self._connection = connection
        self._waiting = [Question(statement, None) for statement in waiting]
        self._is_used = False

    async def fetch(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any]) -> Rows:
        (rows,) = await self.fetch_each(Question(statement, parameters))
        return rows

    async def fetch_each(self, *questions: Question) -> list[Rows]:
        self._is_used = True
        return await self._run(*questions)

    def defer(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> None:
        self._is_used = True
        self._waiting.append(Question(statement, parameters))

    async def commit(self) -> None:
        if self._is_used:
            await self._run(Question("COMMIT", None))

    async def _run(self, *questions: Question) -> list[Rows]:
        """Behind what waits; the rows of each."""
        sent, self._waiting = [*self._waiting, *questions], []
        if all(is_plain(question.parameters) for question in sent):
            return (await self._connection.ask(sent))[-len(questions) :]
        async with self._connection.pipeline():
            # Binary: reading times from text takes ten times as long.
            cursors = [await self._connection.execute(*question, binary=True) for question in sent]
        return [await cursor.fetchall() if cursor.description else [] for cursor in cursors[-len(questions) :]]


class PooledDatabase:
    """``url``: of the role glucose_edge."""

    def __init__(self, url: str, *, smallest: int, largest: int) -> None:
        self._pool = AsyncConnectionPool(
            url,
            connection_class=WireConnection,
            min_size=min(smallest, largest),
            max_size=largest,
            timeout=POOL_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            kwargs={"autocommit": True, "connect_timeout": 2},
            configure=refuse_another_roles_connection,
            open=False,
        )
        watch_pool(self._pool.get_stats)

    async def open(self) -> None:
        # Without waiting: while the database is away, requests are answered with 503.
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, organization_ids: Collection[int]) -> AsyncIterator[Transaction]:
        async with self._pool.connection() as connection:
            # The scope as a literal and a statement of its own: a distributed engine passes on nothing else.
            transaction = PooledTransaction(connection, ["BEGIN", scope_statement(organization_ids)])
            try:
                yield transaction
                await transaction.commit()
            except BaseException:
                if not connection.closed:
                    await connection.execute("ROLLBACK")
                TRANSACTIONS.labels("rolled back").inc()
                raise
            TRANSACTIONS.labels("committed").inc()

    async def look_up(self, statement: str, parameters: Mapping[str, Any]) -> Rows:
        async with self._pool.connection() as connection:
            return await PooledTransaction(connection).fetch(statement, parameters)


def scope_statement(organization_ids: Collection[int]) -> str:
    listed = ",".join(str(int(number)) for number in sorted(set(organization_ids)))
    return f"SET LOCAL app.organization_ids = '{{{listed}}}'"
