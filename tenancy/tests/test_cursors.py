from __future__ import annotations

import base64

import pytest

from tenancy.api.cursors import cursor_at, place_at


def test_a_place_comes_back_as_it_was_given() -> None:
    assert place_at(cursor_at(None, "user_5678"), 2) == [None, "user_5678"]


@pytest.mark.promise(38)
@pytest.mark.parametrize(
    "written",
    [b"", b"after user_5678", b"{}", b'["user_5678"]', b'[1, "\\u0000"]', b"\xff\xfe", b"[" * 100_000],
    ids=["empty", "text", "object", "short", "nul", "bytes", "nested"],
)
def test_what_was_not_given_out_is_refused(written: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        place_at(base64.urlsafe_b64encode(written).decode(), 2)
    with pytest.raises(ValueError, match=r"\w"):
        place_at("é" + written.decode("latin-1"), 2)
