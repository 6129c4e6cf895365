"""A text file as rows of cells: decoding, delimiter and line numbers, in constant memory and without Django."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST_LINE = 64 * 1024
DELIMITERS = (",", ";", "\t")


class FileRefused(Exception):
    """The file as a whole cannot be read; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """``cells`` is None where the quotes of the line do not match."""

    number: int
    cells: list[str] | None


def open_text(path: Path) -> io.TextIOWrapper:
    """UTF-8 with or without a mark at its beginning, any line ends. Raises FileRefused for other encodings.

    Bytes that are no UTF-8 are kept as surrogates: they spoil the cells that they stand in, not the file.
    """
    try:
        with path.open("rb") as binary:
            begin = binary.read(4096)
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.") from error
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in begin:
        raise FileRefused(f"{path.name} is not UTF-8 text but UTF-16 or no text at all. Save it as CSV UTF-8.")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline=None)


def lines(file: io.TextIOBase, delimiter: str) -> Iterator[Line]:
    """Every line that is not empty. A cell holds no line break, so a lost quote spoils one line and not the rest."""
    for number, text in numbered_texts(file):
        yield Line(number, cells(text, delimiter))


def numbered_texts(file: io.TextIOBase) -> Iterator[tuple[int, str]]:
    number = 0
    while text := file.readline(LONGEST_LINE):
        number += 1
        if len(text) == LONGEST_LINE and not text.endswith("\n"):
            raise FileRefused(f"Line {number} is longer than {LONGEST_LINE:,} characters: this is no CSV file.")
        if text.strip():
            yield number, text.rstrip("\n")


def cells(text: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
