"""What a look at an installation found, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "warning", "problem", "not looked at"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``says``: what was seen; ``do``: what to do about it, empty where nothing is to be done."""

    part: str
    state: State
    says: str
    do: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Look = Callable[[], Iterator[Finding]]


def looked(part: str, look: Look) -> list[Finding]:
    """A look that fails itself is a problem of the installation, and stops none of the others."""
    try:
        return list(look())
    except Exception as error:  # noqa: BLE001
        says = f"The look at it failed ({type(error).__name__})."
        return [Finding(part, "problem", says, "See to the problems above first; then run the doctor again.")]
