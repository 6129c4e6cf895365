"""A file as a whole: what format it is, what it leaves open, and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.utils import timezone

from readings.importing.clarity import clarity_layout
from readings.importing.columns import MG_DL, MMOL_L
from readings.importing.dates import DateEvidence, DateOrder
from readings.importing.generic import generic_layout
from readings.importing.layout import Format, Layout
from readings.importing.libreview import libreview_layout
from readings.importing.rows import Row
from readings.importing.table import FileRefused, Line, Source, cells, name_of, numbered_lines

# So many lines may stand above a header, and beside it so many tell what the columns hold.
LOOKED_AT = 12
NAMES = 2


@dataclass(frozen=True, slots=True)
class Answers:
    """What people said about a file; None: the file shall tell."""

    format: Format | None = None
    unit: str | None = None
    date_order: DateOrder | None = None
    subject_column: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the file leaves open. ``name``: the field that takes the answer."""

    name: str
    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class ImportFile:
    """``person``: the name that the file gives the patient, "" where it gives none."""

    source: Source
    layout: Layout
    unit: str | None
    date_order: DateOrder | None
    questions: tuple[Question, ...]
    person: str

    def rows(self) -> Iterator[Row]:
        """Every line after the header, in the file's order. Only where no question is open but that of the unit,
        which then is mg/dL."""
        unit, layout = self.unit or MG_DL, self.layout
        for line in _lines(self.source, layout):
            yield layout.row(line, unit, self.date_order)


def open_file(source: Source, answers: Answers) -> ImportFile:
    """Looks through the whole file once. Raises FileRefused."""
    layout = find_layout(source, answers)
    evidence, names = DateEvidence(today=timezone.now().date()), list[str]()
    for line in _lines(source, layout):
        try:
            text = layout.time_text(line.cells or [])
            if text is not None:
                evidence.add(text)
            elif len(names) < NAMES and (name := layout.named_person(line.cells or [])):
                names.append(name)
        except IndexError:
            continue
    unit = answers.unit or layout.unit
    order = answers.date_order or (evidence.order() if evidence.is_needed else None)
    questions = [] if unit else [_unit_question()]
    if evidence.is_needed and order is None:
        questions.append(_date_question(evidence))
    return ImportFile(source, layout, unit, order, tuple(questions), " ".join(names))


def find_layout(source: Source, answers: Answers) -> Layout:
    first = list(islice(numbered_lines(source), LOOKED_AT))
    if not first:
        raise FileRefused(f"{name_of(source)} is empty.")
    chosen = answers.format
    if answers.subject_column is not None and chosen is None:
        chosen = Format.GENERIC
    if chosen in (None, Format.CLARITY) and (clarity := clarity_layout(first)):
        return clarity
    if chosen in (None, Format.LIBREVIEW) and (libreview := libreview_layout(first)):
        return libreview
    if chosen in (None, Format.GENERIC):
        return generic_layout(first[0], subject_column=answers.subject_column)
    raise FileRefused(
        f"None of the first {LOOKED_AT} lines is the header of such a file. Export it again, or choose another format."
    )


def _lines(source: Source, layout: Layout) -> Iterator[Line]:
    for number, text in numbered_lines(source):
        if number > layout.header_line:
            yield Line(number, cells(text, layout.delimiter))


def _unit_question() -> Question:
    return Question(
        "unit", "The header does not name the unit of the glucose values.", tuple(Choice(u, u) for u in (MG_DL, MMOL_L))
    )


def _date_question(evidence: DateEvidence) -> Question:
    words = {DateOrder.DAY_FIRST: "Day first", DateOrder.MONTH_FIRST: "Month first"}
    choices = tuple(
        Choice(order, f"{words[order]}: {_days(evidence, order)}") for order in DateOrder if _days(evidence, order)
    )
    return Question("dateOrder", "The dates can be read in two ways.", choices or _both(words))


def _both(words: dict[DateOrder, str]) -> tuple[Choice, ...]:
    return tuple(Choice(order, words[order]) for order in DateOrder)


def _days(evidence: DateEvidence, order: DateOrder) -> str:
    period = evidence.periods[order]
    if period.first > period.last:
        return ""
    return f"{_spoken(period.first)} to {_spoken(period.last)}"


def _spoken(day: object) -> str:
    return f"{day:%d %B %Y}".lstrip("0")
