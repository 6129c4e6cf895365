from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from analytics.quality import flags
from analytics.tests.traces import MIDNIGHT, UTC_ZONE, every, instant
from analytics.trace import HOUR, MINUTE, Trace


def found(trace: Trace, **given: object) -> list[tuple[str, int, int]]:
    """The kind, and minutes after midnight."""
    begin = instant(MIDNIGHT)
    return [
        (flag.kind.name, (flag.since - begin) // MINUTE, (flag.until - begin) // MINUTE)
        for flag in flags(trace, **given)  # type: ignore[arg-type]
    ]


def moving(count: int) -> list[float]:
    return [120 + step % 3 for step in range(count)]


def test_an_ordinary_trace_has_no_flags() -> None:
    assert found(every(5, moving(300))) == []
    assert found(every(5, [])) == []
    assert found(every(5, [100])) == []


def test_bounds_and_impossible_values() -> None:
    trace = Trace.of(
        instant(MIDNIGHT) + MINUTE * 20 * np.arange(6), [39, 39, 60, 38, 10, 601], UTC_ZONE, beyond=[-1, -1, 0, 0, 0, 0]
    )
    assert found(trace) == [("BEYOND_SENSOR", 0, 20), ("IMPOSSIBLE", 60, 100)]


def test_a_jump_is_more_than_five_a_minute() -> None:
    assert found(every(5, [100, 101, 126, 127])) == []
    assert found(every(5, [100, 101, 127, 126])) == [("JUMP", 10, 15)]
    # Within 15 minutes: what lies further apart may have happened in between.
    assert found(every(5, [100, 101, None, None, 180, 181])) == [("JUMP", 10, 25)]
    assert found(every(5, [100, 101, None, None, None, 300, 301])) == []


def test_a_new_sensor_warms_up_and_settles() -> None:
    trace = every(5, [100, 101, 150, 151, *moving(200), 180, 181])
    start = instant(MIDNIGHT)
    assert ("WARM_UP", 5, 715) in found(trace, sensor_starts=[start])
    jumps = [since for kind, since, _ in found(trace, sensor_starts=[start]) if kind == "JUMP"]
    assert jumps == [1020]
    assert [kind for kind, *_ in found(trace)] == ["JUMP", "JUMP"]
    # A start that lies behind the readings says nothing about them.
    assert ("WARM_UP", 5, 715) not in found(trace, sensor_starts=[start + 48 * HOUR])


def test_a_value_repeated_for_45_minutes_is_flat() -> None:
    assert found(every(5, [*moving(5), *[100] * 9, *moving(5)])) == []
    assert found(every(5, [*moving(5), *[100] * 10, *moving(5)])) == [("FLAT", 30, 75)]
    assert found(every(5, [70, 65, *[60] * 20, 65, 70])) == []
    assert found(every(5, [*moving(5), *[100] * 5, None, None, None, *[100] * 5])) == []
    assert found(every(15, [*moving(5), *[110] * 4, *moving(5)])) == [("FLAT", 90, 135)]


@pytest.mark.parametrize(("ahead", "kinds"), [(5, []), (6, ["FUTURE"])])
def test_a_clock_may_be_five_minutes_ahead(ahead: int, kinds: list[str]) -> None:
    trace = every(5, [100, 101])
    assert [kind for kind, *_ in found(trace, now=int(trace.instants[-1]) - ahead * MINUTE)] == kinds


def test_a_dip_out_of_a_level_night_may_be_compression() -> None:
    level, dip, slower = [110.0, 111.0] * 8, [75.0, 65.0, 64.0, 70.0], [90.0, 80.0, 70.0, 66.0]
    night = [*level, *dip, *level, *moving(20), *level, *slower, *level]
    dips = [times for kind, *times in found(every(5, night)) if kind == "POSSIBLE_COMPRESSION"]
    assert dips == [[80, 105], [360, 385]]
    by_day = every(5, night, since=MIDNIGHT + timedelta(hours=12))
    assert "POSSIBLE_COMPRESSION" not in {kind for kind, *_ in found(by_day)}
