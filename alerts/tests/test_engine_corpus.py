"""Traces with the episodes they must give, each reviewed by hand: why stands beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.engine.conditions import read_condition
from alerts.engine.machine import RulePlan
from alerts.engine.replay import replay
from alerts.engine.trace import Reading
from alerts.presets import preset
from alerts.tests.traces import ARRIVES_AFTER, Patient

CORPUS = Path(__file__).parent / "corpus"
STEP = timedelta(minutes=5)


@dataclass(frozen=True)
class Case:
    said: dict[str, Any]

    @property
    def start(self) -> datetime:
        return datetime.fromisoformat(self.said["start"])

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.said["zone"])

    @property
    def plans(self) -> list[RulePlan]:
        if "plan" in self.said:
            own = self.said["plan"]
            return [RulePlan(own["code"], own["severity"], read_condition(own["condition"]))]
        return [preset(self.said["preset"]).rule(code).plan for code in self.said["rules"]]

    @property
    def readings(self) -> list[Reading]:
        return [reading for block in self.said["readings"] for reading in self._of_block(block)]

    @property
    def is_orderly(self) -> bool:
        return not any("lateBy" in block or "isCopy" in block for block in self.said["readings"])

    @property
    def expected(self) -> list[tuple[str, float, float, float | None]]:
        return sorted(
            (episode["rule"], episode["opened"], episode["confirmed"], episode["resolved"])
            for episode in self.said["expected"]
        )

    def minute(self, instant: datetime | None) -> float | None:
        return None if instant is None else (instant - self.start).total_seconds() / 60

    def _of_block(self, block: dict[str, Any]) -> list[Reading]:
        first = self.start + timedelta(minutes=block["minute"])
        late_by = timedelta(minutes=block["lateBy"]) if "lateBy" in block else ARRIVES_AFTER
        times = [first + place * STEP for place in range(len(block["values"]))]
        return [
            Reading(at, value, block.get("device", 1), at + late_by, is_copy=block.get("isCopy", False))
            for at, value in zip(times, block["values"], strict=True)
        ]


CASES = {path.stem: Case(json.loads(path.read_text())) for path in sorted(CORPUS.glob("[!_]*.json"))}


@pytest.mark.parametrize("name", CASES)
def test_live_the_trace_gives_its_episodes(name):
    case = CASES[name]
    patient = Patient(case.plans, case.zone)
    patient.live_through(case.readings, max(reading.measured_at for reading in case.readings))
    found = [
        (plan.code, *(case.minute(episode[end]) for end in ("opened", "confirmed", "resolved")))
        for plan in case.plans
        for episode in patient.alarms(plan.code)
    ]
    assert sorted(found) == case.expected


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.is_orderly])
def test_a_replay_gives_the_same(name):
    case = CASES[name]
    replayed = replay(case.plans, case.readings, case.zone)
    found = [
        (one.rule, case.minute(one.opened_at), case.minute(one.confirmed_at), case.minute(one.resolved_at))
        for one in replayed.episodes
    ]
    assert sorted(found) == case.expected
    assert replayed.at_night == case.said.get("atNight", replayed.at_night)


@pytest.mark.parametrize("name", CASES)
def test_all_at_once_it_gives_the_same(name):
    """Evaluators that stood still all the while, for rules that need no clock."""
    case = CASES[name]
    plans = [plan for plan in case.plans if not plan.needs_ticks]
    patient = Patient(plans, case.zone)
    patient.look(case.readings, max(reading.received_at for reading in case.readings))
    found = [
        (plan.code, *(case.minute(episode[end]) for end in ("opened", "confirmed", "resolved")))
        for plan in plans
        for episode in patient.alarms(plan.code)
    ]
    assert sorted(found) == [episode for episode in case.expected if episode[0] in {plan.code for plan in plans}]


def test_the_corpus_says_why():
    assert len(CASES) >= 20
    assert all(episode["why"].endswith(".") for case in CASES.values() for episode in case.said["expected"])
