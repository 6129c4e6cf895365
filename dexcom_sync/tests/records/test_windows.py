from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dexcom_sync.records.windows import (
    LONGEST,
    SECOND,
    SHORTEST,
    Window,
    format_query_time,
    halves,
    pieces,
)

START = datetime(2025, 1, 1, tzinfo=UTC)


def test_query_times_are_utc_without_zone_or_fraction() -> None:
    east = datetime(2025, 3, 9, 19, 50, 11, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=45)))

    assert format_query_time(east) == "2025-03-09T14:05:11"
    with pytest.raises(ValueError, match="aware"):
        format_query_time(datetime(2025, 3, 9))  # noqa: DTZ001


def test_thirty_days_are_one_piece_and_a_second_more_is_two() -> None:
    assert pieces(Window(START, START + LONGEST)) == [Window(START, START + LONGEST)]
    assert len(pieces(Window(START, START + LONGEST + SECOND))) == 2


@pytest.mark.parametrize("length", [timedelta(0), -SECOND])
def test_an_empty_window_has_no_pieces(length: timedelta) -> None:
    assert pieces(Window(START, START + length)) == []


@given(
    st.integers(1, 400 * 86_400),
    st.timedeltas(timedelta(seconds=2), LONGEST).filter(lambda longest: longest >= timedelta(days=1)),
)
def test_pieces_cover_the_window_and_overlap_by_a_second(seconds: int, longest: timedelta) -> None:
    window = Window(START, START + timedelta(seconds=seconds))
    found = pieces(window, longest=longest)

    assert found[0].start == window.start
    assert found[-1].end == window.end
    assert all(timedelta(0) < piece.end - piece.start <= longest for piece in found)
    assert all(later.start <= earlier.end - SECOND for earlier, later in pairwise(found))


@given(st.integers(1, 30 * 86_400))
def test_halves_are_shorter_and_cover_the_whole(seconds: int) -> None:
    window = Window(START, START + timedelta(seconds=seconds))
    found = halves(window)

    assert (found[0].start, found[-1].end) == (window.start, window.end)
    if window.end - window.start <= SHORTEST:
        assert found == [window]
    else:
        assert all(piece.end - piece.start < window.end - window.start for piece in found)
        assert len(found) == 2
