"""Query parameters that no client of ours sends, over everything that is declared."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.edges.asking import Asking, Operation, asking, named, operations
from tests.edges.shares import firsts, share
from tests.isolation.world import World

READS = operations("GET")
ARABIC_HUNDRED = "\u0661\u0660\u0660"
ODD = [
    "\x00", "abc\x00", "\ud800", "9" * 40, "-1", "1e9", ARABIC_HUNDRED, "NaN", "true\n", "x" * 8192,
    "%", "'", '"', "\\",
    "..", "{}", "[]", "",
]  # fmt: skip
DECLARED = [(one, parameter) for one in READS for parameter in one.query_parameters]
# The same name with the same schema is read by the same code.
FIRST_OF_A_KIND = firsts((item["name"], json.dumps(item["schema"], sort_keys=True)) for _, item in DECLARED)
RAW = ["%ff", "%00", "%", "%zz", "%ed%a0%80", "+", "%2500"]
# Nothing that a number, a moment, a word of a list or an identifier could be.
NO_VALUE = ["\x00", "abc", "x" * 8192, "1e9x"]


# Lists that cannot grow with a clinic, each with the reason.
SHORT = {
    "sessions": "a person's own sign-ins, which end",
    "organizations": "the clinics that a person works in",
    "alert-channel-kinds": "the kinds of channels that there are",
    "worklist-history": "the newest hundred acts about one patient",
    "worklist-views": "choices that a person saved, fifty at most, and the clinic's",
    "plans": "the plans that there are",
    "health-metric-types": "the kinds of measurements that there are",
    "alert-timeline": "days of one patient, an entry for an hour at most",
}


@pytest.fixture(scope="module")
def ask(world: World) -> Asking:
    return asking(world)


@pytest.mark.promise(38)
@pytest.mark.parametrize("place", range(len(DECLARED)), ids=[f"{one}-{item['name']}" for one, item in DECLARED])
def test_a_declared_parameter_refuses_in_words(place: int, ask: Asking) -> None:
    one, parameter = DECLARED[place]
    name, of = parameter["name"], 1 if FIRST_OF_A_KIND[place] else 5
    sent = [f"{name}={quote(value.encode(errors='surrogatepass'))}" for value in ODD]
    sent += [f"{name}={value}" for value in RAW]
    for query in share(sent, place, of=of):
        answer = ask.send(one, query=query)
        # A browser that comes back from a consent is sent on, whatever it brings.
        assert answer.status_code in {200, 302, 400, 404, 422}, query
        if answer.status_code >= 400:
            assert list(answer.json()) == ["detail"], query
    if is_typed(parameter["schema"]):
        for value in share(NO_VALUE, place, of=min(of, len(NO_VALUE))):
            assert ask.send(one, query=f"{name}={quote(value)}").status_code in {400, 404, 422}, (name, value)


def is_typed(schema: dict[str, Any]) -> bool:
    return "enum" in schema or "format" in schema or schema.get("type") in {"integer", "number", "boolean"}


@pytest.mark.promise(38)
@pytest.mark.parametrize(**named([one for one in READS if one.route.path.startswith("api/")]))
def test_any_parameter_may_be_there_once(one: Operation, ask: Asking) -> None:
    names = [parameter["name"] for parameter in one.query_parameters] or ["anything"]
    for name in names:
        answer = ask.send(one, query=f"{name}=1&{name}=2")
        assert answer.status_code == 422, (name, answer.content)
        assert b"repeated" in answer.text_sent


@pytest.mark.promise(38)
@pytest.mark.parametrize(**named(READS))
def test_undeclared_parameters_break_nothing(one: Operation, ask: Asking) -> None:
    long_query = "&".join(f"p{number}=1" for number in range(900))
    queries = [
        *(f"x={value}" for value in RAW),
        "x" * 8192,
        "%00=%00",
        "&&&=&=",
        "ordering=-password",
        "format=xml",
        long_query,
    ]
    for query in share(queries, READS.index(one), of=3):
        # Readiness says with 503 what is not ready: no worker runs in tests.
        expected = 503 if one.route.name == "readyz" else 499
        assert ask.send(one, query=query).status_code <= expected, query[:40]


@pytest.mark.promise(42)
@pytest.mark.parametrize(**named([one for one in READS if any(p["name"] == "limit" for p in one.query_parameters)]))
def test_no_list_is_endless(one: Operation, ask: Asking) -> None:
    (limit,) = [parameter for parameter in one.query_parameters if parameter["name"] == "limit"]
    most = limit["schema"].get("maximum", 1000)
    # A history of 14 days, one reading each 5 minutes, fits into one page.
    assert most <= (5000 if one.route.name == "glucose-history" else 1000)
    limits = ["0", "-1", str(most + 1), "1e9", "9" * 4400, "all", ""]
    for wrong in share(limits, READS.index(one), of=2):
        answer = ask.send(one, query=f"limit={wrong}")
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "limit"]), wrong
    answer = ask.send(one, query=f"limit={most}")
    # Staff have to say whom they ask about.
    assert answer.status_code in {200, 404} or answer.json()["detail"][0]["loc"] == ["query", "patient"]


@pytest.mark.promise(42)
@pytest.mark.parametrize(**named([one for one in READS if one.route.path.startswith("api/")]))
def test_every_list_has_a_limit_or_is_short_by_nature(one: Operation, ask: Asking) -> None:
    answer = ask.send(one)
    if answer.status_code != 200 or one.route.name in SHORT:
        return
    body = answer.json() if answer.headers["Content-Type"].startswith("application/json") else {}
    if isinstance(body, list) or "items" in body:
        assert any(parameter["name"] == "limit" for parameter in one.query_parameters)
