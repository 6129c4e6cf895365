"""Which tests show which item: read from the source, so that a part of a run knows what the whole would."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from pathlib import Path

from tests.promises.items import ITEMS, WITHOUT_TEST

PROJECT = Path(__file__).resolve().parents[2]
_MARK = re.compile(r"^[^#\n]*\bmark\.promise\(([\d,\s]+)\)", re.MULTILINE)
HEADER = """\
<!-- Written by `make generate` from tests/promises/items.py and the marks of the tests. -->
# Security checklist

Each item is a promise, and the tests beside it fail when it is broken. `make test` prints the items without a test.
A test names what it shows with `@pytest.mark.promise(1, 2)`.

| | promise | shown by |
|---|---|---|
"""


def shown_by() -> dict[int, list[str]]:
    """Files with tests of each item, relative to the project."""
    found: dict[int, set[str]] = defaultdict(set)
    for path in _test_files():
        for numbers in _MARK.findall(path.read_text()):
            for number in re.findall(r"\d+", numbers):
                found[int(number)].add(path.relative_to(PROJECT).as_posix())
    return {number: sorted(paths) for number, paths in found.items()}


def _test_files() -> list[Path]:
    folders = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["testpaths"]
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("test_*.py"))


def items_without_a_test() -> list[str]:
    """A line for each item that no test shows, with the reason."""
    shown = shown_by()
    return [
        f"{number}. {sentence} {WITHOUT_TEST.get(number, 'NO REASON GIVEN.')}"
        for number, sentence in ITEMS.items()
        if number not in shown
    ]


def checklist() -> str:
    shown = shown_by()
    rows = [_row(number, sentence, shown.get(number, [])) for number, sentence in ITEMS.items()]
    return HEADER + "".join(rows)


def _row(number: int, sentence: str, paths: list[str]) -> str:
    places = ", ".join(f"`{path}`" for path in paths) or f"no test: {WITHOUT_TEST.get(number, '')}"
    return f"| {number} | {sentence} | {places} |\n"
