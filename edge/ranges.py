"""Reads that may take longer than a moment: each in a transaction of its own, and few at a time.

Devices must never wait for somebody's long look back: what is left of the pool is theirs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from edge.answers import Answer
from edge.database import Database, Transaction
from edge.grouping import Group
from edge.looks import Look, Looks

# Reads within the transaction, and answers with the looks that must stand in the ledger before it is committed.
Reading = Callable[[Transaction], Awaitable[tuple[Answer, Sequence[Look]]]]


@dataclass(frozen=True, slots=True)
class Question:
    organization_id: int
    read: Reading


class RangeReads:
    def __init__(self, database: Database, looks: Looks) -> None:
        self._database = database
        self._looks = looks
        self._group: Group[Question, Answer] = Group(self._read_each, name="ranges", most=1, waiting=500, at_once=3)

    async def answer(self, organization_id: int, read: Reading) -> Answer:
        return await self._group.ask(Question(organization_id, read))

    async def finish(self) -> None:
        await self._group.finish()

    async def _read_each(self, questions: Sequence[Question]) -> Sequence[Answer]:
        return [await self._read(question) for question in questions]

    async def _read(self, question: Question) -> Answer:
        async with self._database.transaction([question.organization_id]) as transaction:
            answer, looks = await question.read(transaction)
            written = await self._looks.write(transaction, looks)
        await self._looks.cover(written)
        return answer
