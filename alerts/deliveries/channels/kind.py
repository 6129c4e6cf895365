"""What every kind of channel declares and does."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar


class NotSent(Exception):
    """The sentence is shown to the clinic: no secret, nothing of the patient. ``is_final``: trying again is no use."""

    def __init__(self, result: str, *, is_final: bool = False) -> None:
        super().__init__(result)
        self.result = result
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Message:
    """What is told, already cut to what the clinic lets its messages tell.

    ``key`` stays the same from try to try; ``episode`` is the same for all messages about one alarm, and empty in a
    test. ``facts``: the same as ``text``, for machines, as JSON.
    """

    key: str
    episode: str
    type: str
    severity: str
    clinic: str
    at: datetime
    subject: str
    text: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Need:
    """A setting of a channel, always text. ``advice``: the sentence for whoever gave something else."""

    name: str
    label: str
    pattern: str
    advice: str
    is_secret: bool = False


class Kind(ABC):
    kind: ClassVar[str]
    needs: ClassVar[tuple[Need, ...]] = ()
    # What of a member it writes to; None: it goes where its settings say, and the member is only who is meant.
    member_address: ClassVar[str | None] = None
    # Which of its needs a member's address stands in for.
    address_need: ClassVar[str | None] = None
    longest_text: ClassVar[int] = 4_000

    def problems(self, settings: Mapping[str, str]) -> dict[str, str]:
        """By the setting's name, what is wrong with it."""
        known = {need.name: need for need in self.needs}
        found = {name: "There is no such setting." for name in settings if name not in known}
        for need in self.needs:
            value = settings.get(need.name, "")
            may_miss = need.name == self.address_need and not value
            if not may_miss and not re.fullmatch(need.pattern, value, re.DOTALL):
                found[need.name] = need.advice
        return found

    def hint(self, name: str, value: str) -> str:
        """What is shown of a secret, to tell it from another one."""
        return f"…{value[-4:]}"

    def cut(self, text: str) -> str:
        return text if len(text) <= self.longest_text else text[: self.longest_text - 1] + "…"

    @abstractmethod
    def send(self, *, settings: Mapping[str, str], to: str, message: Message) -> str:
        """Hand the message over and say how it was taken. ``to``: a member's address, where there is one.

        Called outside any transaction, in a thread that may not use the database. Raises NotSent.
        """
