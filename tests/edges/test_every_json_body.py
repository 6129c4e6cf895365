"""Bodies that readers of JSON disagree about, or that end a careless one: the same refusal on every route."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tenancy.api.routing import DEVICE
from tests.edges.asking import JSON, Asking, Operation, asking, named, operations, taking_json
from tests.edges.shares import firsts, share
from tests.isolation.world import World

LIMIT = 5 * 1024 * 1024
MALFORMED: dict[str, bytes] = {
    "cut off": b'{"a": ',
    "duplicate key": b'{"a": 1, "a": 2}',
    "duplicate key, escaped": b'{"a": 1, "\\u0061": 2}',
    "nested duplicate": b'{"a": [{"b": 1, "b": 2}]}',
    "100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "33 deep": b"[" * 33 + b"]" * 33,
    "objects, 20,000 deep": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "1e400": b'{"a": 1e400}',
    "5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "NUL": b'{"a": "x\\u0000"}',
    "NUL in a key": b'{"a\\u0000": 1}',
    "lone surrogate": b'{"a": "\\ud800"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "bad UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "comment": b"{} // no",
    "trailing comma": b'{"a": 1,}',
    "two documents": b"{}{}",
    "single quotes": b"{'a': 1}",
}
# Well-formed, and of the wrong kind everywhere.
WRONG_VALUES = [[], "text", 5, None, True, [[]], {"": ""}]
# What a field may be given instead of what it wants.
ODD_VALUES: list[Any] = [
    "\u0661\u0660\u0660", -1, 10**30, True, [], {}, "x" * 100_000, "0001-01-01T00:00:00Z", "\u202e", None,
]  # fmt: skip
# Not the payment provider's: whose signature does not fit is refused before its bytes are read as anything.
BODIES = [one for one in taking_json() if one.route.name != "stripe-webhook"]
WITHOUT_BODY = [one for one in operations("POST", "PUT", "PATCH", "DELETE") if not one.body_types]
# People's bodies and those of devices are read by different code.
FIRST_OF_A_KIND = firsts(DEVICE in one.route.access[one.method] for one in BODIES)


@pytest.fixture(scope="module")
def ask(world: World) -> Asking:
    return asking(world)


@pytest.mark.promise(37)
@pytest.mark.parametrize(**named(BODIES))
def test_malformed_json_is_400_and_nothing_else(one: Operation, ask: Asking) -> None:
    place = BODIES.index(one)
    names = share(list(MALFORMED), place, of=1 if FIRST_OF_A_KIND[place] else 5)
    answers = {name: ask.send(one, MALFORMED[name]) for name in names}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(names, 400)
    assert all(list(answer.json()) == ["detail"] and answer.json()["detail"] for answer in answers.values())


@pytest.mark.promise(37, 40)
@pytest.mark.parametrize(**named(BODIES))
def test_odd_values_are_refused_in_words(one: Operation, ask: Asking) -> None:
    """Each field of a valid body in turn, and all at once; what is answered is documented and no fault of ours."""
    place = BODIES.index(one)
    for value in share(WRONG_VALUES, place, of=2):
        assert ask.send(one, json.dumps(value)).status_code in {400, 422}, value
    body = ask.body(one)
    if not isinstance(body, dict):
        return
    odd_bodies = [
        {**body, name: value} for number, name in enumerate(body) for value in share(ODD_VALUES, place + number, of=5)
    ]
    odd_bodies += [dict.fromkeys(body, value) for value in share(ODD_VALUES, place, of=2)]
    for odd in odd_bodies:
        answer = ask.send(one, json.dumps(odd))
        told = str(answer.status_code)
        assert answer.status_code < 500 or told in one.document["responses"], odd
        assert told in one.document["responses"], (told, odd)


def is_read_whatever_it_is_called(one: Operation) -> bool:
    """Devices are the exception."""
    return one.route.access[one.method] == DEVICE


@pytest.mark.promise(41)
@pytest.mark.parametrize(**named(BODIES))
def test_a_large_body_is_413(one: Operation, ask: Asking) -> None:
    for body in share([b'{"a": "' + b"x" * LIMIT + b'"}', b" " * (LIMIT + 1)], BODIES.index(one), of=2):
        answer = ask.send(one, body)
        assert (answer.status_code, list(answer.json())) == (413, ["detail"])


@pytest.mark.promise(41)
@pytest.mark.parametrize(**named([one for one in BODIES if not is_read_whatever_it_is_called(one)]))
def test_another_type_is_415(one: Operation, ask: Asking) -> None:
    body = json.dumps(ask.body(one))
    others = ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
    for content_type in set(share(others, BODIES.index(one), of=2)) - set(one.body_types):
        assert ask.send(one, body, content_type=content_type).status_code == 415, content_type
    assert ask.send(one, body, content_type="application/json; charset=utf-16").status_code < 500


@pytest.mark.promise(41)
@pytest.mark.parametrize(**named(WITHOUT_BODY))
def test_an_operation_without_a_body_has_nothing_to_say_to_one(one: Operation, ask: Asking) -> None:
    """No operation is brought down by a body that it does not look at."""
    bodies = [MALFORMED["100,000 deep"], MALFORMED["bad UTF-8"], b"x" * (LIMIT + 1)]
    for body in share(bodies, WITHOUT_BODY.index(one), of=3):
        assert ask.send(one, body).status_code < 500


def test_all_routes_with_json_are_known() -> None:
    """The tests above are worth something only while the document names the bodies."""
    assert len(taking_json()) >= 12
    assert all(JSON in one.body_types for one in taking_json())
