"""The data plane's own connections, as ``glucose_edge``: several organizations in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool

from edge.metrics import TRANSACTIONS, watch_pool
from edge.startup import refuse_another_roles_connection
from readings.store.steps import AssignmentChanged, Steps, T, Unread

Rows = list[tuple[Any, ...]]
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

    def __init__(self, connection: psycopg.AsyncConnection[Any], waiting: Sequence[str] = ()) -> None:
        self._connection = connection
        self._waiting: list[tuple[str, Any]] = [(statement, None) for statement in waiting]
        self._is_used = False

    async def fetch(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any]) -> Rows:
        self._is_used = True
        if not self._waiting:
            cursor = await self._execute(statement, parameters)
        else:
            async with self._connection.pipeline():
                await self._send_waiting()
                cursor = await self._execute(statement, parameters)
        return await cursor.fetchall() if cursor.description else []

    def defer(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> None:
        self._is_used = True
        self._waiting.append((statement, parameters))

    async def commit(self) -> None:
        if not self._is_used:
            return
        if not self._waiting:
            # A pipeline of one statement costs more than the statement.
            await self._connection.execute("COMMIT")
            return
        async with self._connection.pipeline():
            await self._send_waiting()
            await self._connection.execute("COMMIT")

    async def _send_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for statement, parameters in waiting:
            await self._execute(statement, parameters)

    async def _execute(self, statement: str, parameters: Any) -> psycopg.AsyncCursor[Any]:
        # Binary: reading times from text takes ten times as long.
        return await self._connection.execute(statement, parameters, binary=True)


class PooledDatabase:
    """``url``: of the role glucose_edge. ``prepares``: statements that come again are planned once."""

    def __init__(self, url: str, *, smallest: int, largest: int, prepares: bool = True) -> None:
        self._pool = AsyncConnectionPool(
            url,
            min_size=min(smallest, largest),
            max_size=largest,
            timeout=POOL_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            kwargs={
                "autocommit": True,
                "connect_timeout": 2,
                "application_name": "glucose-edge",
                **({} if prepares else {"prepare_threshold": None}),
            },
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
