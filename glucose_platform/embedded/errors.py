from __future__ import annotations


class EmbeddedError(RuntimeError):
    """The embedded services cannot do what was asked; the text says what the operator can do."""
