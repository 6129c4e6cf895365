from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from edge.instants import spoken, spoken_utc
from readings.models import read_public_id, reading_public_id, reading_public_text
from readings.rows import cut_to_milliseconds

INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(cut_to_milliseconds)
NUMBERS = st.integers(0, 2**62 - 1)


@given(INSTANTS, NUMBERS)
def test_both_ways_to_write_an_id_agree_and_it_can_be_taken_apart(instant: datetime, number: int) -> None:
    public_id = reading_public_id(instant, number)
    assert reading_public_text(instant, number) == str(public_id)
    assert read_public_id(public_id) == (instant, number)


@given(INSTANTS)
def test_both_ways_to_write_an_instant_agree(instant: datetime) -> None:
    assert spoken_utc(instant) == spoken(instant)
