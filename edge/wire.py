"""Statements on a connection of psycopg, by its own access to libpq: several in one round trip, prepared at first use.

A cursor takes as long to send and read a statement as PostgreSQL to run it for a handful of rows. Here are only
parameters that are texts already, as ``readings.store.arrays`` writes them; for all else there are cursors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2s
from typing import Any, NamedTuple

import psycopg
from psycopg import errors
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

Rows = list[tuple[Any, ...]]
MOST_STATEMENTS = 500
_FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED, ExecStatus.BAD_RESPONSE)


class Question(NamedTuple):
    """``parameters`` None: a statement without any, which is not prepared."""

    statement: str
    parameters: Mapping[str, Any] | Sequence[Any] | None


class Message(NamedTuple):
    """``prepared_as``: the statement's name on each connection; empty where it is not prepared."""

    text: bytes
    prepared_as: bytes
    values: Sequence[bytes | None]


class WireConnection(psycopg.AsyncConnection[Any]):
    def __init__(self, pgconn: PGconn, *args: Any, **options: Any) -> None:
        super().__init__(pgconn, *args, **options)
        self._known_names: set[bytes] = set()
        self._row_loading = Transformer(self)

    async def ask(self, questions: Sequence[Question]) -> list[Rows]:
        """Run them in one round trip; the rows of each. Raises the first error, behind which nothing was run."""
        messages = [_message(*question) for question in questions]
        try:
            results = await self._exchange(messages)
        except BaseException:
            # Nobody knows what is still to come on this connection: the pool makes another.
            self.pgconn.finish()
            raise
        for result in results:
            if _failed(result):
                raise errors.error_from_result(result)
        return [self._rows(result) for result in results]

    def _rows(self, result: PGresult) -> Rows:
        if result.status != ExecStatus.TUPLES_OK:
            return []
        self._row_loading.set_pgresult(result, format=Format.BINARY)
        return self._row_loading.load_rows(0, result.ntuples, tuple)

    async def _exchange(self, messages: Sequence[Message]) -> list[PGresult]:
        """One result for each message; fewer where the server ended the connection, and said why."""
        pgconn = self.pgconn
        preparations: dict[int, bytes] = {}
        pgconn.enter_pipeline_mode()
        for number, message in enumerate(messages):
            if not message.prepared_as:
                pgconn.send_query_params(message.text, None)
                continue
            if message.prepared_as not in self._known_names and message.prepared_as not in preparations.values():
                preparations[number + len(preparations)] = message.prepared_as
                pgconn.send_prepare(message.prepared_as, message.text)
            # Binary: reading times from text takes ten times as long.
            pgconn.send_query_prepared(message.prepared_as, message.values, result_format=Format.BINARY)
        pgconn.pipeline_sync()
        results = await self._results()
        if pgconn.status != ConnStatus.BAD:
            pgconn.exit_pipeline_mode()
        # What was prepared stays so, whatever became of the statements behind it.
        self._known_names.update(
            name for number, name in preparations.items() if number < len(results) and not _failed(results[number])
        )
        return [result for number, result in enumerate(results) if number not in preparations or _failed(result)]

    async def _results(self) -> list[PGresult]:
        """Of all that was sent, until the server says that it has seen it."""
        pgconn = self.pgconn
        results: list[PGresult] = []
        while pgconn.flush():
            await self._ready(writing=True)
            pgconn.consume_input()
        while True:
            while pgconn.is_busy():
                await self._ready()
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is not None and result.status == ExecStatus.PIPELINE_SYNC:
                return results
            if result is not None:
                results.append(result)
            elif pgconn.status == ConnStatus.BAD:
                # What the server said last, where it said why.
                if any(map(_failed, results)):
                    return results
                raise errors.OperationalError(pgconn.get_error_message())

    async def _ready(self, *, writing: bool = False) -> None:
        loop, socket = asyncio.get_running_loop(), self.pgconn.socket
        future: asyncio.Future[None] = loop.create_future()
        loop.add_reader(socket, _wake, future)
        if writing:
            loop.add_writer(socket, _wake, future)
        try:
            await future
        finally:
            loop.remove_reader(socket)
            if writing:
                loop.remove_writer(socket)


def is_plain(parameters: object) -> bool:
    """Whether ``WireConnection.ask`` can send them."""
    return parameters is None or (
        isinstance(parameters, Mapping) and all(type(value) in _TEXTS for value in parameters.values())
    )


def _failed(result: PGresult) -> bool:
    return result.status in _FAILED


def _message(statement: str, parameters: Any) -> Message:
    if parameters is None:
        return Message(statement.encode(), b"", ())
    text, prepared_as, names = _numbered(statement)
    return Message(text, prepared_as, [_TEXTS[type(value := parameters[name])](value) for name in names])


@lru_cache(MOST_STATEMENTS)
def _numbered(statement: str) -> tuple[bytes, bytes, tuple[str, ...]]:
    """psycopg's ``%(name)s`` as ``$1``, with the name for the whole and the names of the parameters in their order."""
    numbers = _Numbers()
    text = (statement % numbers).encode()
    return text, b"edge_" + blake2s(text, digest_size=12).hexdigest().encode(), tuple(numbers)


class _Numbers(dict[str, str]):
    def __missing__(self, name: str) -> str:
        self[name] = f"${len(self) + 1}"
        return self[name]


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _text(value: str) -> bytes:
    # libpq would cut it there.
    if "\0" in value:
        raise errors.DataError("PostgreSQL text cannot contain NUL characters.")
    return value.encode()


_TEXTS: dict[type, Callable[[Any], bytes | None]] = {
    str: _text,
    datetime: lambda value: str(value).encode(),
    type(None): lambda _: None,
}
