"""A text file as rows of cells: decoding, delimiter and line numbers, in constant memory and without Django."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST_LINE = 64 * 1024
DELIMITERS = (",", ";", "\t")
# A mark of UTF-8 at the file's beginning, and what becomes of it in a program that takes it for Windows' letters.
MARKS = ("\ufeff", "ï»¿")

# A file on the disk, or the content of one that was sent.
Source = Path | bytes


class FileRefused(Exception):
    """The file as a whole cannot be read; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """``cells`` is None where the quotes of the line do not match."""

    number: int
    cells: list[str] | None


def open_text(source: Source) -> io.TextIOWrapper:
    """UTF-8 with or without a mark at its beginning, UTF-16 with one, any line ends. Raises FileRefused.

    Bytes that are no UTF-8 are kept as surrogates: they spoil the cells that they stand in, not the file.
    """
    try:
        binary = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    except OSError as error:
        raise FileRefused(f"{name_of(source)} cannot be read: {error.strerror}.") from error
    begin = binary.read(4096)
    binary.seek(0)
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        return io.TextIOWrapper(binary, encoding="utf-16", errors="replace", newline=None)
    if b"\x00" in begin:
        binary.close()
        raise FileRefused(
            f"{name_of(source)} is not UTF-8 text but UTF-16 without a mark or no text at all. Save it as CSV UTF-8."
        )
    return io.TextIOWrapper(binary, encoding="utf-8", errors="surrogateescape", newline=None)


def name_of(source: Source) -> str:
    """What people know the file by. The name of a file that was sent often is the patient's: it is not kept."""
    return source.name if isinstance(source, Path) else "The file"


def numbered_lines(source: Source) -> Iterator[tuple[int, str]]:
    """Every line that is not empty, without marks at the file's beginning."""
    with open_text(source) as file:
        for number, text in numbered_texts(file):
            unmarked = _without_marks(text) if number == 1 else text
            if unmarked.strip():
                yield number, unmarked


def _without_marks(text: str) -> str:
    while mark := next((mark for mark in MARKS if text.startswith(mark)), None):
        text = text.removeprefix(mark)
    return text


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
