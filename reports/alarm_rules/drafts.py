"""A condition while it is being written: a tree of sentences with what was typed, valid or not.

A node's place is its path as the engine counts them: "0" the condition itself, "0.1" the second one inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts.engine.conditions import ConditionError, read_condition
from alerts.engine.conditions.node import ROOT
from alerts.engine.conditions.reading import MOST_DEPTH, MOST_NODES
from reports.alarm_rules.blanks import LONGEST, NotFilled, filled
from reports.alarm_rules.kinds import GROUP_TYPES, KINDS, LEAF_TYPES, WRAPPERS, Kind

# To begin with, where a person adds a condition.
FIRST = "below"


@dataclass(slots=True)
class Draft:
    """``typed``, ``was``: by the blank's name. ``errors``: the same, and under "" what is wrong with all of it."""

    type: str
    typed: dict[str, str] = field(default_factory=dict)
    was: dict[str, str] = field(default_factory=dict)
    inside: list[Draft] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    is_new: bool = False

    @property
    def kind(self) -> Kind:
        return KINDS[self.type]

    @property
    def is_group(self) -> bool:
        return self.type in GROUP_TYPES

    @property
    def is_wrapper(self) -> bool:
        return self.type in WRAPPERS

    def walk(self, path: str = ROOT) -> Iterator[tuple[str, Draft]]:
        yield path, self
        for place, child in enumerate(self.inside):
            yield from child.walk(f"{path}.{place}")

    def at(self, path: str) -> Draft | None:
        return next((draft for place, draft in self.walk() if place == path), None)


class CannotBeShown(Exception):
    """The condition has something that the form has no blank for; leaving it out would change the rule."""


def draft_of(condition: Any, unit: str) -> Draft:
    """Of a condition that is kept. Raises CannotBeShown."""
    try:
        said = read_condition(condition).to_json()
    except ConditionError as error:
        raise CannotBeShown from error
    draft = _draft_of(said, unit)
    if not said_by(draft, unit) == said:
        raise CannotBeShown
    return draft


def _draft_of(said: Mapping[str, Any], unit: str) -> Draft:
    if said["type"] not in KINDS:
        raise CannotBeShown
    draft = Draft(said["type"])
    for blank in draft.kind.blanks:
        if (value := said.get(blank.name)) is not None:
            draft.typed[blank.name] = blank.written(value, unit)
            draft.was[blank.name] = f"{value}" if blank.keeps_what_was else ""
    of = said.get("of", [])
    draft.inside = [_draft_of(one, unit) for one in (of if isinstance(of, list) else [of])]
    return draft


def sent_draft(sent: Mapping[str, str]) -> Draft | None:
    """As the form came back; None where it holds none."""
    return _sent(sent, ROOT, [MOST_NODES]) if field_name(ROOT, "type") in sent else None


def _sent(sent: Mapping[str, str], path: str, left: list[int]) -> Draft:
    """``left``: how many more conditions a rule may have; forms that people make by hand have no end."""
    left[0] -= 1
    kind = sent.get(field_name(path, "type"), "")
    draft = Draft(kind if kind in KINDS else FIRST)
    for blank in draft.kind.blanks:
        name = field_name(path, blank.name)
        draft.typed[blank.name] = sent.get(name, "").replace("\x00", "")[:LONGEST]
        draft.was[blank.name] = sent.get(f"{name}-was", "")[:20]
    most = 0 if draft.type in LEAF_TYPES or path.count(".") + 1 >= MOST_DEPTH else 1 if draft.is_wrapper else MOST_NODES
    while len(draft.inside) < most and left[0] > 0:
        inner = f"{path}.{len(draft.inside)}"
        if field_name(inner, "type") not in sent:
            break
        draft.inside.append(_sent(sent, inner, left))
    return draft


def field_name(path: str, blank: str) -> str:
    return f"c{path}-{blank}"


def said_by(draft: Draft, unit: str) -> dict[str, Any] | None:
    """The condition as JSON, in its normal form; None where it cannot be so: then ``errors`` say why, in their places.

    That it is valid, and only that, is the engine's word.
    """
    for _, one in draft.walk():
        one.errors = {}
    said = _said_by(draft, unit)
    if any(one.errors for _, one in draft.walk()):
        return None
    try:
        return read_condition(said).to_json()
    except ConditionError as error:
        for problem in error.problems:
            _note(draft, list(problem.where), problem.message)
        return None


def _said_by(draft: Draft, unit: str) -> dict[str, Any]:
    said: dict[str, Any] = {"type": draft.type}
    for blank in draft.kind.blanks:
        try:
            value = filled(blank, draft.typed.get(blank.name, ""), draft.was.get(blank.name, ""), unit)
        except NotFilled as problem:
            draft.errors[blank.name] = str(problem)
            continue
        if value is not None:
            said[blank.name] = value
    # The engine says it of mg/dL, whatever unit was written.
    if "low" in said and "high" in said and said["low"] >= said["high"]:
        draft.errors["high"] = "Write more than in the blank before."
    inside = [_said_by(child, unit) for child in draft.inside]
    if draft.is_group:
        said["of"] = inside
    elif draft.is_wrapper:
        if inside:
            said["of"] = inside[0]
        else:
            draft.errors[""] = "A condition is missing here."
    return said


def _note(draft: Draft, where: list[str | int], message: str) -> None:
    """At the blank that the engine names, or as near as there is one."""
    while where and where[0] == "of" and draft.inside:
        where.pop(0)
        place = where.pop(0) if where and isinstance(where[0], int) else 0
        draft = draft.inside[int(place)]
    names = {blank.name for blank in draft.kind.blanks}
    name = str(where[0]) if where and where[0] in names else ""
    draft.errors.setdefault(name, f"{message[:1].upper()}{message[1:]}.")


def changed(draft: Draft, act: str, path: str) -> Draft:
    """What a button does to the tree: the tree as it is then. Buttons that fit nowhere change nothing."""
    target = draft.at(path)
    if target is None:
        return draft
    match act:
        case "and" | "or":
            return _with_another(draft, path, target, "all" if act == "and" else "any")
        case "add" if target.is_group:
            target.inside.append(Draft(FIRST, is_new=True))
        case "not" | "sustained":
            return _replaced(draft, path, Draft(act, inside=[target], is_new=act == "sustained"))
        case "unwrap" if target.is_wrapper and target.inside:
            return _replaced(draft, path, target.inside[0])
        case "remove":
            return _without(draft, path)
    return draft


def _with_another(root: Draft, path: str, target: Draft, group: str) -> Draft:
    """Beside it, where it stands in such a group already; else in a new group of the two."""
    parent = root.at(_parent(path)) if path != ROOT else None
    another = Draft(FIRST, is_new=True)
    if target.type == group:
        target.inside.append(another)
        return root
    if parent is not None and parent.type == group:
        parent.inside.insert(_place(path) + 1, another)
        return root
    return _replaced(root, path, Draft(group, inside=[target, another]))


def _without(root: Draft, path: str) -> Draft:
    parent_path = _parent(path)
    parent = root.at(parent_path) if path != ROOT else None
    if parent is None:
        return root
    if parent.is_wrapper:
        return _without(root, parent_path)
    del parent.inside[_place(path)]
    # A group of one says what the one says.
    if len(parent.inside) == 1:
        return _replaced(root, parent_path, parent.inside[0])
    return root if parent.inside else _without(root, parent_path)


def _replaced(root: Draft, path: str, by: Draft) -> Draft:
    if path == ROOT:
        return by
    parent = root.at(_parent(path))
    if parent is not None:
        parent.inside[_place(path)] = by
    return root


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def _place(path: str) -> int:
    return int(path.rpartition(".")[2])
