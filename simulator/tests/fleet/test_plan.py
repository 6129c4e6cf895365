from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.fleet.plan import Clock, PlanError, SimulationPlan, What
from simulator.fleet.showing import opening

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def plan(**changes: Any) -> SimulationPlan:
    usual: dict[str, Any] = {
        "what": What.GLUCOSE, "rate": 5.0, "patients": 5, "start_id": 1, "duration": 0.0, "days": 0.0, "speed": 1.0,
        "phased": False,
    }  # fmt: skip
    return SimulationPlan(**{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rate": 0}, "--rate, --patients and --speed are above 0"),
        ({"patients": -1}, "--rate, --patients and --speed are above 0"),
        ({"days": -1}, "0 or more"),
        ({"days": 400}, "--days is at most 365"),
        ({"speed": 0.5}, "--speed is 1 or more"),
        ({"speed": 60}, "--speed needs --days or --duration"),
        ({"phased": True}, "--phased shows vital signs"),
        ({"phased": True, "what": What.VITALS, "days": 2}, "--phased shows vital signs"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_change(changes: dict[str, Any], words: str):
    with pytest.raises(PlanError, match=words):
        plan(**changes)


def test_one_reading_in_30_seconds_goes_alone_and_more_in_batches():
    assert plan(rate=1 / 60, patients=1).single
    assert "each posted by itself" in opening(plan(rate=5 / 30), via="http")
    assert not plan(rate=1, patients=29).single
    assert "more than one reading in 30 seconds from a device, each posts batches" in opening(plan(), via="http")
    assert not plan(rate=1 / 60, patients=1, what=What.VITALS).single


def test_time_passes_faster_until_it_is_now():
    replay = Clock(plan(days=1.0, speed=60.0), wall=NOW)
    assert replay.now(NOW) == NOW - timedelta(days=1)
    assert replay.now(NOW + timedelta(minutes=1)) == NOW - timedelta(hours=23)
    assert replay.now(NOW + timedelta(hours=3)) == NOW + timedelta(hours=3)

    ends_now = Clock(plan(duration=100.0, speed=10.0), wall=NOW)
    assert ends_now.now(NOW) == NOW - timedelta(seconds=900)
    assert ends_now.now(NOW + timedelta(seconds=100)) == NOW + timedelta(seconds=100)

    assert Clock(plan(days=1.0), wall=NOW).now(NOW) == NOW, "the past is stored before"
