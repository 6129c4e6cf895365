from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dexcom_sync.records import moments
from dexcom_sync.records.moments import Precision, read_moment
from dexcom_sync.records.outcomes import Leniency

SECOND = datetime(2025, 3, 9, 14, 5, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant", "offset", "precision", "leniencies"),
    [
        ("2025-03-09T14:05:11", SECOND, None, Precision.SECOND, []),
        ("2025-03-09T14:05:11Z", SECOND, 0, Precision.SECOND, []),
        ("2025-03-09T07:05:11-07:00", SECOND, -420, Precision.SECOND, []),
        ("2025-03-09T19:50:11+05:45", SECOND, 345, Precision.SECOND, []),
        ("2025-03-09T15:05:11+01", SECOND, 60, Precision.SECOND, [Leniency.OFFSET_SHORTENED]),
        ("2025-03-09T15:05:11+0100", SECOND, 60, Precision.SECOND, [Leniency.OFFSET_SHORTENED]),
        ("2025-03-09T07:05:11-06:59:58", SECOND, -420, Precision.SECOND, [Leniency.OFFSET_WITH_SECONDS]),
        ("2025-03-09T14:05Z", SECOND.replace(second=0), 0, Precision.MINUTE, [Leniency.TIME_WITHOUT_SECONDS]),
        (
            "2025-03-09T14",
            SECOND.replace(minute=0, second=0),
            None,
            Precision.HOUR,
            [Leniency.TIME_WITHOUT_MINUTES],
        ),
        (
            "2025-03-09T14:05:11.123456789Z",
            SECOND.replace(microsecond=123456),
            0,
            Precision.FRACTION,
            [Leniency.TIME_WITH_FRACTION],
        ),
        (
            "2025-3-9 14:5:1",
            SECOND.replace(second=1),
            None,
            Precision.SECOND,
            [Leniency.TIME_WITH_ONE_DIGIT_FIELDS, Leniency.TIME_WITH_SPACE],
        ),
        (" 2025-03-09T14:05:11Z", SECOND, 0, Precision.SECOND, [Leniency.TIME_WITH_SPACE]),
        ("2025-03-09T14:05:11+23:00", SECOND, None, Precision.SECOND, [Leniency.OFFSET_IMPOSSIBLE]),
    ],
)
def test_every_shape_that_was_seen_is_read(
    text: str, instant: datetime, offset: int | None, precision: Precision, leniencies: list[Leniency]
) -> None:
    stamp = read_moment(text)

    assert stamp is not None
    assert stamp.text == text
    assert (stamp.instant, stamp.offset_minutes, stamp.precision) == (instant, offset, precision)
    assert list(stamp.leniencies) == leniencies


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        7,
        True,
        ["2025-03-09T14:05:11Z"],
        "yesterday",
        "2025-03-09",
        "2025-02-30T10:00:00Z",
        "2025-03-09T25:00:00Z",
        "2025-03-09T14:05:61Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2025-W10-7T14:05:11Z",
        "20250309T140511.000Z",
        "٢٠٢٥-03-09T14:05:11Z",
        "2025-03-09T14:05:11Z\n",
        "2025-03-09T14:05:11" + " " * 100,
    ],
)
def test_what_is_no_time_is_not_guessed(value: object) -> None:
    assert read_moment(value) is None


INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2198, 1, 1)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001
OFFSETS = st.integers(-12 * 60, 14 * 60)


@given(INSTANTS, OFFSETS)
def test_a_time_comes_back_as_it_was_written(wall: datetime, offset: int) -> None:
    written = wall.replace(tzinfo=timezone(timedelta(minutes=offset)))
    stamp = read_moment(written.isoformat())

    assert stamp is not None
    assert (stamp.wall, stamp.offset_minutes, stamp.instant) == (wall, offset, written)
    assert stamp.leniencies == ()


@given(
    st.one_of(
        st.from_regex(moments._TIME, fullmatch=True),
        st.from_regex(r"[0-9]{4}-[0-9W]{2}-[0-9]{2}T[0-9]{2}:[0-9+-]{2}:[0-9 .+-]{2}(Z|[+-][0-9]{2}:[0-9]{2})?"),
        INSTANTS.map(lambda at: at.isoformat() + "Z"),
    )
)
def test_the_fast_way_reads_the_same_as_the_general_one(text: str) -> None:
    assert read_moment(text) == moments._read_any(text)
