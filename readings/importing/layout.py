"""What a format's header tells, and how its lines are read. Each format has one subclass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum

from readings.importing.dates import DateOrder
from readings.importing.rows import BadRow, Row
from readings.importing.table import Line
from readings.importing.values import CellRefused


class Format(StrEnum):
    GENERIC = "generic"
    CLARITY = "clarity"
    LIBREVIEW = "libreview"


FORMAT_NAMES = {
    Format.GENERIC: "CSV with a header",
    Format.CLARITY: "Dexcom Clarity",
    Format.LIBREVIEW: "LibreView",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout(ABC):
    """``unit`` is None where the header does not tell. ``said``: the lines above the header, for people to read."""

    format: Format
    delimiter: str
    header_line: int
    unit: str | None
    said: tuple[str, ...] = ()

    @abstractmethod
    def time_text(self, cells: list[str]) -> str | None:
        """The time of a line that holds a reading; None for other lines. Raises IndexError for a short line."""

    @abstractmethod
    def read(self, cells: list[str], line: int, unit: str, order: DateOrder | None) -> Row:
        """Raises CellRefused, or IndexError for a short line."""

    def named_person(self, cells: list[str]) -> str | None:
        """A part of the name of the patient whom the file is of, where the line holds one."""
        return None

    def row(self, line: Line, unit: str, order: DateOrder | None) -> Row:
        if line.cells is None:
            return BadRow(line.number, "the quotes do not match")
        try:
            return self.read(line.cells, line.number, unit, order)
        except CellRefused as error:
            return BadRow(line.number, str(error))
        except IndexError:
            return BadRow(line.number, f"{len(line.cells)} cells are too few")
