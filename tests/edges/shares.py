"""Values divided over the places that they are sent to: each place gets some, and each value is sent somewhere.

What reads a value is the same code in most places. The first place of each kind gets every value.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def share(values: Sequence[T], place: int, *, of: int) -> list[T]:
    """Every ``of``-th value, from another one on for each place: ``of`` neighbours together send them all."""
    return [value for number, value in enumerate(values) if (number - place) % of == 0]


def firsts(kinds: Iterable[Hashable]) -> list[bool]:
    """For each place, whether it is the first of its kind."""
    seen: set[Hashable] = set()
    return [not (kind in seen or seen.add(kind)) for kind in kinds]  # type: ignore[func-returns-value]
