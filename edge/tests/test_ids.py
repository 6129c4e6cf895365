from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edge.instants import spoken, spoken_utc
from readings.models import read_public_id, reading_public_id, reading_public_text

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# 1900 to 2200.
INSTANTS = st.integers(-2_208_988_800_000, 7_258_118_400_000).map(lambda number: EPOCH + timedelta(milliseconds=number))
NUMBERS = st.integers(0, 2**62 - 1)


@given(INSTANTS, NUMBERS)
def test_both_ways_to_write_an_id_agree_and_it_can_be_taken_apart(instant: datetime, number: int) -> None:
    public_id = reading_public_id(instant, number)
    assert reading_public_text(instant, number) == str(public_id)
    assert read_public_id(public_id) == (instant, number)


@given(INSTANTS)
def test_both_ways_to_write_an_instant_agree(instant: datetime) -> None:
    assert spoken_utc(instant) == spoken(instant)
