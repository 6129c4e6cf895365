"""Traces with the episodes they must give, each reviewed by hand: why stands beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from alerts.engine.conditions import read_condition
from alerts.engine.conditions.combined import Condition
from alerts.engine.machine import Kind, RulePlan
from alerts.engine.replay import replay
from alerts.engine.trace import Reading
from alerts.presets import preset
from alerts.tests.traces import ARRIVES_AFTER, Patient
from analytics.units import MG_DL_PER_MMOL_L

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
        own = [self.said["plan"]] if "plan" in self.said else []
        return [
            *(preset(self.said["preset"]).rule(code).plan for code in self.said.get("rules", [])),
            *(RulePlan(one["code"], one["severity"], read_condition(one["condition"])) for one in own),
        ]

    @property
    def patient(self) -> Patient:
        return Patient(self.plans, self.zone, timedelta(minutes=self.said.get("lag", 0)))

    @property
    def readings(self) -> list[Reading]:
        return [reading for block in self.said["readings"] for reading in self._of_block(block)]

    @property
    def is_orderly(self) -> bool:
        blocks = self.said["readings"]
        return "liveOnly" not in self.said and not any("lateBy" in block or "isCopy" in block for block in blocks)

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
        values = block.get("values") or [round(value * MG_DL_PER_MMOL_L) for value in block["mmol"]]
        told = {"is_copy": block.get("isCopy", False)}
        told |= {"quality": block.get("quality"), "battery_level": block.get("battery")}
        return [
            Reading(at, value, block.get("device", 1), at + late_by, **told)
            for at, value in zip((first + place * STEP for place in range(len(values))), values, strict=True)
        ]


CASES = {path.stem: Case(json.loads(path.read_text())) for path in sorted(CORPUS.glob("[!_]*.json"))}


@pytest.mark.parametrize("name", CASES)
def test_live_the_trace_gives_its_episodes(name):
    case = CASES[name]
    patient = case.patient
    patient.live_through(case.readings, max(reading.measured_at for reading in case.readings))
    found = [
        (plan.code, *(case.minute(episode[end]) for end in ("opened", "confirmed", "resolved")))
        for plan in case.plans
        for episode in patient.alarms(plan.code)
    ]
    assert sorted(found) == case.expected
    doubts = [one.doubts for changes in patient.transitions.values() for one in changes if one.kind is Kind.CONFIRMED]
    assert doubts == [tuple(episode.get("doubts", ())) for episode in case.said["expected"]]


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


def test_every_kind_of_condition_stands_in_the_corpus():
    # Other measurements than glucose have a corpus of their own: test_engine_vitals.
    kinds = {kind.model_fields["type"].default for kind in get_args(get_args(Condition)[0])} - {"vital"}
    assert {
        node.to_json()["type"] for case in CASES.values() for plan in case.plans for node in plan.condition.walk()
    } == (kinds)


def test_the_corpus_says_why():
    assert len(CASES) >= 30
    assert all(episode["why"].endswith(".") for case in CASES.values() for episode in case.said["expected"])
