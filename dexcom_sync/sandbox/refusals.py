"""What the sandbox refuses: as OAuth answers, as data calls answer, and as its control calls do."""

from __future__ import annotations

from dataclasses import dataclass


class ControlRefused(Exception):
    """A control call that makes no sense; the text says what would."""


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """An answer other than 200. Data calls word it in a different shape each time, see ``errors``."""

    status: int
    code: str
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()
