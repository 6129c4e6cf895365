"""A rule that is being written, as the page shows it: words, blanks, and what is wrong beside the blank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from alerts.engine.conditions.node import ROOT
from alerts.engine.conditions.reading import MOST_DEPTH
from reports.alarm_rules.blanks import Blank
from reports.alarm_rules.drafts import Draft, field_name
from reports.alarm_rules.kinds import GROUPS, LEAVES, UNIT


@dataclass(frozen=True, slots=True)
class Field:
    """An input or a list to choose from. ``was``: what the text stands for, sent along unseen."""

    name: str
    label: str
    value: str
    was: str = ""
    error: str = ""
    options: Sequence[tuple[str, str]] = ()
    input_mode: str = "text"
    is_long: bool = False
    gets_focus: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Words, or a field."""

    words: str = ""
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """``kinds``: to choose from, under headings; empty where the kind stays."""

    path: str
    draft: Draft
    parts: Sequence[Part]
    kinds: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    inside: Sequence[ShownDraft] = field(default_factory=tuple)

    @property
    def type_name(self) -> str:
        return field_name(self.path, "type")

    @property
    def error(self) -> str:
        return self.draft.errors.get("", "")

    @property
    def may_be_removed(self) -> bool:
        return self.path != ROOT

    @property
    def may_grow(self) -> bool:
        return self.path.count(".") + 1 < MOST_DEPTH


@dataclass(frozen=True, slots=True)
class Telling:
    """What the words depend on. ``others``: names of the other rules by code; ``is_fixed``: a guarded rule's."""

    unit: str
    others: Mapping[str, str]
    is_fixed: bool = False


def shown(draft: Draft, telling: Telling, path: str = ROOT) -> ShownDraft:
    return ShownDraft(
        path=path,
        draft=draft,
        parts=[_part(part, draft, path, telling) for part in draft.kind.goes_on],
        kinds=() if telling.is_fixed else _kinds(draft),
        inside=[shown(child, telling, f"{path}.{place}") for place, child in enumerate(draft.inside)],
    )


def _part(part: str | Blank, draft: Draft, path: str, telling: Telling) -> Part:
    if isinstance(part, str):
        return Part(words=part.replace(UNIT, telling.unit))
    typed, was = draft.typed.get(part.name, ""), draft.was.get(part.name, "")
    return Part(field=field_of(part, field_name(path, part.name), typed, was, draft.errors.get(part.name, ""), telling))


def field_of(blank: Blank, name: str, typed: str, was: str, error: str, telling: Telling) -> Field:
    options = list(blank.options(telling.others))
    # What is kept stays to be seen, also where it can no longer be chosen.
    if options and typed and typed not in dict(options):
        options.append((typed, f"{typed} (there is none)"))
    return Field(name, blank.label, typed, was, error, options, blank.input_mode, is_long=blank.name in {"timeZone"})


def fields_of(
    blanks: Iterable[Blank],
    typed: Mapping[str, str],
    was: Mapping[str, str],
    errors: Mapping[str, str],
    telling: Telling,
) -> dict[str, Field]:
    """By the names of the blanks, which are those of what was typed."""
    return {
        blank.name: field_of(blank, blank.name, typed[blank.name], was[blank.name], errors.get(blank.name, ""), telling)
        for blank in blanks
    }


def _kinds(draft: Draft) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    if draft.is_group:
        return [("", [(kind.type, kind.begins) for kind in GROUPS])]
    if draft.is_wrapper:
        return ()
    headings = dict.fromkeys(kind.about for kind in LEAVES)
    return [(about, [(kind.type, kind.begins) for kind in LEAVES if kind.about == about]) for about in headings]
