"""Statements by libpq's own pipeline: each gets its own rows, and a connection is never used in an unknown state."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime

import psycopg
import pytest

from edge.wire import Question, WireConnection

pytestmark = pytest.mark.django_db(transaction=True)
ECHO = "SELECT %(text)s::text, %(text)s::text IS NULL"
NUMBERS = "SELECT * FROM unnest(%(numbers)s::bigint[])"
INSTANT = datetime(2026, 3, 29, 1, 30, 0, 123000, UTC)


async def connected() -> WireConnection:
    return await WireConnection.connect(os.environ["DATABASE_EDGE_URL"], autocommit=True)


def test_each_statement_gets_its_rows_prepared_or_not() -> None:
    async def work() -> None:
        async with await connected() as connection:
            for _ in range(2):
                found = await connection.ask([
                    Question("BEGIN", None),
                    Question(ECHO, {"text": "ä{\\"}),
                    Question(NUMBERS, {"numbers": "{1,2}"}),
                    Question(ECHO, {"text": None}),
                    Question("SELECT %(at)s::timestamptz", {"at": INSTANT}),
                    Question("COMMIT", None),
                ])  # fmt: skip
                assert found == [[], [("ä{\\", False)], [(1,), (2,)], [(None, True)], [(INSTANT,)], []]
            cursor = await connection.execute("SELECT count(*) FROM pg_prepared_statements")
            assert await cursor.fetchall() == [(3,)]

    asyncio.run(work())


def test_an_error_leaves_the_connection_usable_and_what_was_not_prepared_is_prepared_later() -> None:
    async def work() -> None:
        async with await connected() as connection:
            for _ in range(2):
                with pytest.raises(psycopg.errors.InvalidTextRepresentation):
                    await connection.ask([Question(NUMBERS, {"numbers": "{x}"}), Question(ECHO, {"text": "never"})])
            assert await connection.ask([Question(ECHO, {"text": "now"})]) == [[("now", False)]]
            assert await connection.ask([Question(NUMBERS, {"numbers": "{3}"})]) == [[(3,)]]

    asyncio.run(work())


def test_text_that_libpq_would_cut_is_refused_before_anything_is_sent() -> None:
    async def work() -> None:
        async with await connected() as connection:
            with pytest.raises(psycopg.DataError):
                await connection.ask([Question(ECHO, {"text": "a\0b"})])
            assert await connection.ask([Question(ECHO, {"text": "a"})]) == [[("a", False)]]

    asyncio.run(work())


def test_an_exchange_that_is_broken_off_closes_the_connection() -> None:
    async def work() -> None:
        connection = await connected()
        asking = asyncio.create_task(connection.ask([Question("SELECT pg_sleep(60)", None)]))
        while not connection.pgconn.pipeline_status:
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert connection.closed

    asyncio.run(work())


def test_a_server_that_ends_the_connection_is_said_to_be_away() -> None:
    async def work() -> None:
        connection = await connected()
        with pytest.raises(psycopg.OperationalError):
            await connection.ask(
                [Question("SELECT pg_terminate_backend(pg_backend_pid())", None), Question("SELECT 1", None)]
            )
        assert connection.closed

    asyncio.run(work())


def test_more_than_the_socket_takes_at_once_arrives() -> None:
    async def work() -> None:
        async with await connected() as connection:
            text = "x" * 8_000_000
            (rows,) = await connection.ask([Question("SELECT %(text)s::text", {"text": text})])
            assert rows == [(text,)]

    asyncio.run(work())
