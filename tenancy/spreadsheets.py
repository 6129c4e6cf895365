"""Text in files that spreadsheets open."""

from __future__ import annotations

# A spreadsheet would take the cell for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def text_cell(text: str) -> str:
    """The same text, shown as text. Numbers need no such care."""
    return f"'{text}" if text.startswith(_FORMULA) else text
