"""JSON as strictly as a medical record needs it: what two parsers could read differently is refused."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

MAX_DEPTH = 32
# Strings are cut out first, so that brackets inside them do not count; the pattern cannot backtrack.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")
_NO_STRUCTURE = bytes(set(range(256)) - set(b'"[]{}'))
_UNWANTED = re.compile("[\x00\ud800-\udfff]")


class JSONProblem(ValueError):
    """The body is not acceptable JSON; the text says why."""


def parse_strict_json(body: bytes) -> Any:
    """Parse ``body``.

    Raises JSONProblem for a syntax error, wrong encoding, a duplicate key, NaN or an infinite number, a number of
    thousands of digits, NUL or half a surrogate pair in a string, or more than 32 levels.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise JSONProblem("The body is not UTF-8.") from None
    _refuse_depth(body)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite)
    except JSONProblem:
        raise
    except json.JSONDecodeError as error:
        raise JSONProblem(f"The body is not valid JSON: {error.msg} at character {error.pos}.") from None
    except (ValueError, RecursionError):
        raise JSONProblem("The body is not valid JSON: a number has too many digits.") from None
    # Escapes are the only way to either character: most bodies have none, and need no walk.
    if b"\\u" in body:
        _refuse_unwanted(value)
    return value


def _refuse_depth(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return  # most bodies
    if _is_surely_flat(body):
        return  # most batches
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise JSONProblem(f"The body is nested more than {MAX_DEPTH} levels deep.")


def _is_surely_flat(body: bytes) -> bool:
    """Takes innermost pairs of brackets away, all at once, instead of a look at each bracket."""
    if b"\\" in body:
        return False
    left = body.translate(None, _NO_STRUCTURE).replace(b'""', b"")
    for _ in range(MAX_DEPTH // 2):  # each round may take two levels away
        left = left.replace(b"[]", b"").replace(b"{}", b"")
    return not left


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise JSONProblem("The body names a key twice in one object.")
    return result


def _refuse_unwanted(value: Any) -> None:
    """NUL is no text in PostgreSQL, and half a surrogate pair cannot be written out again as UTF-8."""
    if isinstance(value, str):
        if _UNWANTED.search(value):
            raise JSONProblem("A string holds a NUL character or half a surrogate pair.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_unwanted(key)
            _refuse_unwanted(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_unwanted(item)


def _refuse_constant(name: str) -> NoReturn:
    raise JSONProblem(f"{name} is not a JSON number.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise JSONProblem("A number is too large.")
    return number
