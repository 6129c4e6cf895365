"""Reading a condition from JSON, or saying where and why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from alerts.engine.conditions.combined import Condition
from alerts.engine.conditions.node import Node

MOST_DEPTH = 6
MOST_NODES = 50
LONGEST_RUN_MINUTES = 1440

_ADAPTER: TypeAdapter[Node] = TypeAdapter(Condition)
_KINDS = sorted(kind.model_fields["type"].default for kind in get_args(get_args(Condition)[0]))


@dataclass(frozen=True, slots=True)
class Problem:
    """``where``: the fields and places that lead there, empty for the condition itself."""

    where: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        place = "condition"
        for step in self.where:
            place += f"[{step}]" if isinstance(step, int) else f".{step}"
        return f"{place}: {self.message}."


class ConditionError(ValueError):
    """What is wrong with a condition, in sentences for the person who wrote it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(str(problem) for problem in problems))
        self.problems = problems


def read_condition(json: object) -> Node:
    """The condition that ``json`` (objects, lists and values, not text) says; ConditionError where it is malformed."""
    _refuse_overgrown(json)
    try:
        condition = _ADAPTER.validate_python(json)
    except ValidationError as error:
        raise ConditionError([_problem(detail) for detail in error.errors(include_url=False)]) from None
    if condition.longest_run() > LONGEST_RUN_MINUTES:
        raise ConditionError(
            [Problem((), "sustained conditions inside each other add up to more than a day (1440 minutes)")]
        )
    return condition


def _refuse_overgrown(json: object) -> None:
    """Before anything walks it recursively."""
    level, depth, nodes = [json], 0, 0
    while level:
        depth, nodes = depth + 1, nodes + len(level)
        if depth > MOST_DEPTH:
            raise ConditionError([Problem((), f"conditions stand inside each other at most {MOST_DEPTH} deep")])
        if nodes > MOST_NODES:
            raise ConditionError([Problem((), f"a rule has at most {MOST_NODES} conditions")])
        inner = [node.get("of") for node in level if isinstance(node, dict) and "of" in node]
        level = [child for of in inner for child in (of if isinstance(of, list) else [of])]


def _problem(detail: ErrorDetails) -> Problem:
    # Pydantic names the kind of each condition on the way as well.
    where = tuple(step for step in detail["loc"] if step not in _KINDS)
    match detail["type"]:
        case "union_tag_not_found":
            return Problem(where, f'say its kind as "type", one of {", ".join(_KINDS)}')
        case "union_tag_invalid":
            return Problem(where, f"there is no kind {detail['ctx']['tag']}; there are {', '.join(_KINDS)}")
        case "model_attributes_type" | "model_type" | "dict_type":
            return Problem(where, 'a condition is an object with "type"')
        case "extra_forbidden":
            return Problem(where, "this field does not belong here")
        case "missing":
            return Problem(where, "this field is missing")
        case "too_short":
            return Problem(where, "at least one condition is needed")
        case "value_error":
            return Problem(where, str(detail["ctx"]["error"]))
        case "string_pattern_mismatch" if where[-1] in {"from", "until"}:
            return Problem(where, "a time of day is like 07:30, from 00:00 to 23:59")
        case _:
            return Problem(where, detail["msg"])
