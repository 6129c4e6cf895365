from __future__ import annotations

from typing import Any, NoReturn


class SealedValue:
    """A value of a sealed field as rows carry it. It shows nothing; only its row opens it.

    ``sealed`` None: assigned, not sealed yet. ``former``: what stood in the row before the assignment.
    """

    __slots__ = ("former", "sealed", "text")

    def __init__(
        self, sealed: bytes | None = None, *, text: str | None = None, former: SealedValue | None = None
    ) -> None:
        self.sealed = sealed
        self.text = text
        self.former = former

    def __repr__(self) -> str:
        return "<sealed>"

    def __eq__(self, other: object) -> bool:
        """Of what is stored; equal texts are sealed differently."""
        if not isinstance(other, SealedValue):
            return NotImplemented
        return self is other or (self.sealed is not None and self.sealed == other.sealed)

    def __hash__(self) -> int:
        return hash(self.sealed)

    def __copy__(self) -> SealedValue:
        return self

    def __deepcopy__(self, memo: Any) -> SealedValue:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A sealed value is not pickled: pass the row's id, and read it where it is needed.")
