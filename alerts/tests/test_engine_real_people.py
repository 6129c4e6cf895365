"""Five people's weeks of readings: rules replayed against counts that another way of counting gave as well."""

from __future__ import annotations

import csv
import itertools
import json
from collections import defaultdict
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.engine.replay import replay
from alerts.engine.trace import Reading
from alerts.presets import preset

REAL_FILE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "iglu_example_5.csv"
COUNTS = json.loads((Path(__file__).parent / "corpus" / "_real_people.json").read_text())
UTC_ZONE = ZoneInfo("UTC")

pytestmark = pytest.mark.skipif(not REAL_FILE.exists(), reason="the example file of five people is not here")

# What is an alarm, and what of an open one has ended.
LIMITS = {
    "urgent_low": (lambda g: g <= 55, lambda g: g > 60),
    "low": (lambda g: g < 70, lambda g: g >= 75),
    "high": (lambda g: g > 250, lambda g: g <= 245),
}


@lru_cache(maxsize=1)
def people() -> dict[str, list[tuple[datetime, int]]]:
    # Their clocks are taken as UTC; a reading that is there twice counts as the later line.
    found: dict[str, dict[datetime, int]] = defaultdict(dict)
    with REAL_FILE.open(newline="") as lines:
        for line in csv.DictReader(lines):
            found[line["subject"]][datetime.fromisoformat(line["time"]).replace(tzinfo=UTC)] = int(line["glucose"])
    return {person: sorted(readings.items()) for person, readings in found.items()}


def counted(trace, is_alarm, is_clear):
    """When alarms began: from an alarming value until all of at least 15 minutes, without a long gap, are clear."""
    starts = []
    place = 0
    while place < len(trace):
        at, glucose = trace[place]
        if not is_alarm(glucose):
            place += 1
            continue
        starts.append(at)
        place = first_after_recovery(trace, place, is_clear)
    return starts


def first_after_recovery(trace, place, is_clear):
    for end in range(place + 1, len(trace)):
        run_start = end
        while (
            is_clear(trace[run_start][1])
            and is_clear(trace[run_start - 1][1])
            and (trace[run_start][0] - trace[run_start - 1][0]).total_seconds() <= 20 * 60
            and run_start - 1 > place
        ):
            run_start -= 1
        if is_clear(trace[end][1]) and (trace[end][0] - trace[run_start][0]).total_seconds() >= 15 * 60:
            return end + 1
    return len(trace)


@pytest.mark.parametrize("rule", LIMITS)
@pytest.mark.parametrize("person", COUNTS)
def test_replay_counts_the_alarms_of_real_people(person, rule):
    trace = people()[person]
    starts = counted(trace, *LIMITS[rule])
    night = sum(start.hour >= 22 or start.hour < 7 for start in starts)
    readings = [Reading(at, glucose, 1, at) for at, glucose in trace]
    replayed = replay([preset("standard").rule(rule).plan], readings, UTC_ZONE)

    assert [episode.confirmed_at for episode in replayed.episodes] == starts
    assert [len(replayed.episodes), replayed.at_night] == COUNTS[person][rule] == [len(starts), night]


@pytest.mark.parametrize("person", COUNTS)
def test_replay_counts_the_silences_of_real_people(person):
    trace = people()[person]
    pairs = list(itertools.pairwise(trace))
    silences = [(earlier[0], later[0]) for earlier, later in pairs if (later[0] - earlier[0]).total_seconds() > 20 * 60]
    readings = [Reading(at, glucose, 1, at) for at, glucose in trace]
    episodes = replay([preset("standard").rule("signal_loss").plan], readings, UTC_ZONE).episodes

    assert [
        (episode.opened_at - begin).total_seconds() for episode, (begin, _) in zip(episodes, silences, strict=True)
    ] == [20 * 60] * len(silences)
    assert [episode.resolved_at for episode in episodes] == [end for _, end in silences]
    assert len(silences) == COUNTS[person]["signal_loss"]
