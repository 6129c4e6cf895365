from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenancy.api.strict_json import MAX_DEPTH, JSONProblem, parse_strict_json

pytestmark = pytest.mark.promise(37)

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)
REFUSED = [
    (b"", "not valid JSON"),
    (b"{", "not valid JSON"),
    (b"{'a': 1}", "not valid JSON"),
    (b"[1,]", "not valid JSON"),
    (b"01", "not valid JSON"),
    (b'{"a": 1} 2', "not valid JSON"),
    (b"\xef\xbb\xbf{}", "not valid JSON"),
    (b"\xff\xfe", "not UTF-8"),
    (b'"\xed\xa0\x80"', "not UTF-8"),
    ('"é"'.encode("latin-1"), "not UTF-8"),
    (b'{"a": 1, "a": 1}', "names a key twice"),
    (b'{"a": 1, "\\u0061": 2}', "names a key twice"),
    (b'[{"x": {"a": 1, "a": 2}}]', "names a key twice"),
    (b"NaN", "NaN is not a JSON number"),
    (b"[Infinity]", "Infinity is not a JSON number"),
    (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
    (b"1e400", "too large"),
    (b"[-1e400]", "too large"),
    (b"1" * 5000, "too many digits"),
    (b'"\\u0000"', "NUL"),
    (b'{"\\u0000": 1}', "NUL"),
    (b'["\\ud800"]', "half a surrogate pair"),
    (b'"\\udc00 \\ud800"', "half a surrogate pair"),
    (b'"a\x00b"', "not valid JSON"),
    (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested more than"),
    (b"[" * 100_000, "nested more than"),
    (b'{"a":' * 100_000, "nested more than"),
]


@pytest.mark.parametrize("depth", range(1, 80))
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'[{"a":', b"}]"), (b'{"a":[', b"]}")])
def test_the_depth_of_a_large_body_counts_to_the_level(depth: int, opening: bytes, closing: bytes) -> None:
    """More brackets than levels, so that they are looked at; those in strings do not count."""
    deep = opening * depth + b"1" + closing * depth
    levels = 1 + depth * sum(opening.count(bracket) for bracket in (b"[", b"{"))
    for text in (b"", b"[[[", b"]]]", b'\\"[[['):
        body = b"[%s,%s%s]" % (deep, b"[]," * 40, b'"%s"' % text)
        if levels > MAX_DEPTH:
            with pytest.raises(JSONProblem, match="nested more than"):
                parse_strict_json(body)
        else:
            assert parse_strict_json(body) == json.loads(body)


@given(DOCUMENTS)
def test_it_reads_valid_documents_as_python_does(document: Any) -> None:
    for ascii_only in (True, False):
        body = json.dumps(document, ensure_ascii=ascii_only).encode()
        assert parse_strict_json(body) == json.loads(body)


@given(st.binary(max_size=60))
def test_it_refuses_or_reads_any_bytes_as_python_does(body: bytes) -> None:
    try:
        value = parse_strict_json(body)
    except JSONProblem:
        return
    assert value == json.loads(body)


@pytest.mark.parametrize(("body", "reason"), REFUSED, ids=[str(body[:25]) for body, _ in REFUSED])
def test_it_refuses(body: bytes, reason: str) -> None:
    with pytest.raises(JSONProblem, match=reason):
        parse_strict_json(body)


def test_what_looks_alike_is_taken() -> None:
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert parse_strict_json(deepest) == json.loads(deepest)
    assert parse_strict_json(b'["[[[[", "\\"{{{{", "\\\\"]' + b" ") == ["[[[[", '"{{{{', "\\"]
    assert parse_strict_json(b'"\\ud83d\\ude00"') == "😀"
    assert parse_strict_json(b'[{"a": 1}, {"a": 1}]') == [{"a": 1}, {"a": 1}]
    assert parse_strict_json(b'"' + b"[" * 1000 + b'"') == "[" * 1000


def test_a_long_unfinished_string_is_refused_in_linear_time() -> None:
    """The pattern that cuts strings out must not backtrack: megabytes of quotes would hold a worker."""
    for body in (b'"' + b"\\" * 2_000_000, b'"a' * 1_000_000 + b"[", b'"' + b"a" * 2_000_000):
        with pytest.raises(JSONProblem):
            parse_strict_json(body)
