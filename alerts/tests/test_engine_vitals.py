"""Rules about measurements beside glucose: what they say, and when they alarm, live, at once and in a replay."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.engine.advance import advance
from alerts.engine.conditions import ConditionError, in_words, read_condition
from alerts.engine.events import EventTimeline
from alerts.engine.machine import RulePlan, RuleState, Transition, next_look
from alerts.engine.measures import MEASURES
from alerts.engine.replay import replay
from alerts.engine.trace import Event, Measured, Reading, Timeline
from alerts.tests.traces import ARRIVES_AFTER, BERLIN, episodes, minute, plan, reading
from vitals.catalogue import TYPES

RATE, PRESSURE, OXYGEN = (MEASURES[name].number for name in ("heart_rate", "systolic", "blood_oxygen"))


def vital(operator: str, value: float, metric: str = "heart_rate", **more: Any) -> dict[str, Any]:
    return {"type": "vital", "metric": metric, "operator": operator, "value": value, **more}


def measured(at: float, value: float, metric: int = RATE, *, late_by: float | None = None, **more: Any) -> Measured:
    received = minute(at) + (ARRIVES_AFTER if late_by is None else timedelta(minutes=late_by))
    return Measured(minute(at), metric, value, more.get("second"), more.get("source", 7), received)


class Bed:
    """A patient whose evaluator looks at each arrival and each minute; states go through JSON in between."""

    def __init__(self, rule: RulePlan) -> None:
        self.rule, self.said, self.stored = rule, "{}", list[Event]()
        self.transitions: list[Transition] = []

    def look(self, new: Sequence[Event], now: datetime) -> None:
        self.stored += new
        state = RuleState.from_json(json.loads(self.said))
        state, changes = advance(self.rule, state, new, timeline(self.stored), now)
        self.said = json.dumps(state.to_json())
        self.transitions += changes


def timeline(events: Sequence[Any]) -> EventTimeline:
    glucose = Timeline([one for one in events if isinstance(one, Reading)], BERLIN)
    return EventTimeline(glucose, [one for one in events if isinstance(one, Measured)])


def live(rule: RulePlan, events: Sequence[Any], until: float) -> list[Any]:
    bed, now = Bed(rule), minute(0)
    arrivals = sorted(events, key=lambda one: one.received_at)
    while now <= minute(until):
        bed.look([], now)
        now += timedelta(minutes=1)
        while arrivals and arrivals[0].received_at < now:
            bed.look([first := arrivals.pop(0)], first.received_at)
    return _minutes(bed.transitions)


def at_once(rule: RulePlan, events: Sequence[Any], until: float) -> list[Any]:
    bed = Bed(rule)
    bed.look(events, minute(until))
    return _minutes(bed.transitions)


def replayed(rule: RulePlan, events: Sequence[Any]) -> list[Any]:
    readings = [one for one in events if isinstance(one, Reading)]
    found = replay([rule], readings, BERLIN, [one for one in events if isinstance(one, Measured)])
    return [_numbers(one.opened_at, one.resolved_at) for one in found.episodes]


def _minutes(transitions: Sequence[Transition]) -> list[Any]:
    return [_numbers(one["opened"], one["resolved"]) for one in episodes(transitions)]


def _numbers(*instants: datetime | None) -> tuple[float | None, ...]:
    return tuple(None if one is None else (one - minute(0)).total_seconds() / 60 for one in instants)


def test_the_table_of_measures_is_the_catalogues() -> None:
    for measure in MEASURES.values():
        kind = next(kind for kind in TYPES.values() if kind.metric == measure.number)
        limits = kind.second if measure.part else kind.limits
        assert limits is not None
        assert (measure.unit, measure.low, measure.high) == (kind.unit, limits.low, limits.high)
        assert measure.name == kind.name or kind.is_pair
    assert {measure.number for measure in MEASURES.values()} == {kind.value for kind in TYPES}


def test_in_words() -> None:
    said = {
        in_words(read_condition(condition), "mmol/L")
        for condition in (
            vital("gt", 120),
            vital("lte", 90, "blood_oxygen", forMinutes=10),
            vital("outside", 36.0, "body_temperature", valueHigh=37.5),
            {"type": "all", "of": [vital("between", 80, "systolic", valueHigh=160), {"type": "below", "mgdl": 70}]},
        )
    }
    assert said == {
        "heart rate above 120 bpm",
        "blood oxygen at or below 90 % for 10 minutes",
        "body temperature outside 36 to 37.5 °C",
        "systolic pressure between 80 and 160 mmHg, below 3.9 mmol/L",
    }


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (vital("gt", 120, "pulse"), "condition.metric: there is no metric pulse; there are active_minutes, "),
        (vital("over", 120), "condition.operator: Input should be 'gt', "),
        (vital("gt", 500), "condition: 500 bpm is no heart rate: that is from 10 to 350."),
        (vital("gt", 100, valueHigh=120), "condition: the operator gt has no valueHigh."),
        (vital("outside", 100), "condition: the operator outside needs valueHigh."),
        (vital("between", 100, valueHigh=60), "condition: value (100) must be below valueHigh (60)."),
        (vital("gt", float("nan")), "condition.value: Input should be a finite number."),
        ({**vital("gt", 100), "value": "100"}, "condition.value: Input should be a valid number."),
        ({"type": "not", "of": vital("gt", 100, forMinutes=-1)}, "condition.of.forMinutes: "),
        (vital("gt", 100, unit="bpm"), "condition.unit: this field does not belong here."),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(condition: dict[str, Any], said: str) -> None:
    with pytest.raises(ConditionError) as refused:
        read_condition(condition)
    assert str(refused.value).startswith(said)


HIGH = plan(vital("gt", 120), close_minutes=10)
OUTSIDE = plan(vital("outside", 60, valueHigh=100), close_minutes=10)
FOR_TEN = plan(vital("gt", 120, forMinutes=10), close_minutes=10)
SUSTAINED = plan({"type": "sustained", "minutes": 10, "of": vital("gt", 120)}, close_minutes=10)
CONFIRMED = plan(vital("gt", 120), confirm_minutes=10, close_minutes=10)
LOW_PULSE_IN_A_LOW = plan({"type": "all", "of": [{"type": "below", "mgdl": 70}, vital("gt", 110)]}, close_minutes=10)
WARNING = plan(
    {"type": "all", "of": [vital("outside", 60, valueHigh=100), vital("between", 40, valueHigh=120)]}, close_minutes=10
)
EVERY_TWO = [measured(at, 130) for at in range(0, 14, 2)]

CORPUS: dict[str, tuple[RulePlan, list[Any], list[Any]]] = {
    "once a shift: it opens, and is over ten minutes after the next good value": (
        *(HIGH, [measured(0, 130), measured(240, 80), measured(480, 130), measured(490, 80)]),
        [(0, 250), (480, 500)],
    ),
    "never measured again: unknown ends nothing": (HIGH, [measured(0, 130)], [(0, None)]),
    "to and fro within ten minutes is one episode": (
        *(HIGH, [measured(at, value) for at, value in ((0, 130), (5, 110), (12, 125), (15, 90), (60, 90))]),
        [(0, 25)],
    ),
    "bounds are fine": (OUTSIDE, [measured(0, 60), measured(1, 100)], []),
    "just beyond them is not": (
        *(OUTSIDE, [measured(0, 100.1), measured(2, 60), measured(30, 59.9)]),
        [(0, 12), (30, None)],
    ),
    "late on arrival never alarms": (HIGH, [measured(0, 130, late_by=16), measured(20, 90)], []),
    "late on arrival never alarms by what comes beside it": (
        *(HIGH, [measured(0, 130, late_by=16), reading(1, 100), reading(6, 100), measured(2, 95, OXYGEN)]),
        [],
    ),
    "for ten minutes": (FOR_TEN, EVERY_TWO, [(10, None)]),
    "sustained says the same": (SUSTAINED, EVERY_TWO, [(10, None)]),
    "confirmed after ten minutes": (CONFIRMED, EVERY_TWO, [(0, None)]),
    "twice with half an hour between is no ten minutes": (FOR_TEN, [measured(0, 130), measured(30, 130)], []),
    "nor sustained": (SUSTAINED, [measured(0, 130), measured(30, 130)], []),
    "nor confirmed, whatever else is measured between": (
        *(CONFIRMED, [measured(0, 130), reading(10, 100), measured(20, 97, OXYGEN), measured(30, 130)]),
        [],
    ),
    "other measurements confirm nothing": (CONFIRMED, [measured(0, 130), *(reading(at, 90) for at in (5, 10, 14))], []),
    "with glucose, the later of both opens it": (
        *(LOW_PULSE_IN_A_LOW, [measured(0, 120), reading(5, 90), reading(10, 65), measured(12, 90), reading(40, 65)]),
        [(10, 22)],
    ),
    "a critical value is none of the warning's": (
        *(WARNING, [measured(0, 130), measured(5, 110), measured(8, 130), measured(60, 39)]),
        [(5, 18)],
    ),
    "the second number of a pair": (
        plan(vital("lt", 50, "diastolic"), close_minutes=0),
        [measured(at, 90, PRESSURE, second=second) for at, second in ((0, 60), (5, 44), (9, 50))],
        [(5, 9)],
    ),
    "apnoea": (plan(vital("eq", 0, "respiratory_rate"), close_minutes=0), [measured(3, 0, 5)], [(3, None)]),
}


@pytest.mark.parametrize("name", CORPUS)
def test_live_at_once_and_replayed_it_gives_the_same_episodes(name: str) -> None:
    rule, events, expected = CORPUS[name]
    until = max((one.measured_at - minute(0)).total_seconds() / 60 for one in events) + 30
    assert live(rule, events, until) == expected
    assert at_once(rule, events, until) == expected
    if all(one.is_fresh for one in events):
        ends = [(opened, None if ended and ended > until - 30 else ended) for opened, ended in expected]
        assert replayed(rule, events) == ends, "a replay ends with the last measurement"


def test_an_open_alarm_that_eases_is_looked_at_when_it_ends() -> None:
    events = [measured(0, 130), measured(5, 80)]
    state, changes = advance(HIGH, RuleState(), events, timeline(events), minute(6))
    assert [one.kind.value for one in changes] == ["opened", "confirmed", "eased"]
    assert next_look(HIGH, state, timeline(events).at(minute(6))) == minute(15)
    assert (changes[0].reading, changes[0].value and changes[0].value.value) == (None, 130)


def test_against_brute_force() -> None:
    """Whatever was measured, in whatever order of arrival within a look: the episodes of a plain loop."""
    draw = random.Random(8)
    for _ in range(300):
        times = sorted(draw.sample(range(400), draw.randint(1, 25)))
        events = [measured(at, draw.choice([50, 80, 130]), late_by=draw.choice([0.3, 0.3, 20])) for at in times]
        noise: list[Event] = [reading(at + 0.5, 100) for at in range(0, 400, draw.choice([5, 60]))]
        expected = _by_hand(events, until=450)
        mixed = [*events, *noise]
        draw.shuffle(mixed)
        assert at_once(OUTSIDE, mixed, 450) == expected
        if all(one.is_fresh for one in events):
            assert live(OUTSIDE, mixed, 450) == expected


def _by_hand(events: Sequence[Measured], until: float) -> list[tuple[float | None, ...]]:
    """A late value opens and ends nothing, but one out of bounds says that it was not over yet."""
    found: list[list[float | None]] = []
    eased: float | None = None
    clear: float | None = None
    for event in [*events, None]:
        at = until if event is None else (event.measured_at - minute(0)).total_seconds() / 60
        if eased is not None and clear is not None and max(eased, clear) + 10 <= at:
            found[-1][1], eased, clear = max(eased, clear) + 10, None, None
        is_open = bool(found) and found[-1][1] is None
        if event is None or not (is_open or event.is_fresh):
            continue
        if 60 <= event.value <= 100:
            clear = at if is_open and clear is None else clear
            eased = at if is_open and eased is None and event.is_fresh else eased
        else:
            clear = None
            if event.is_fresh:
                eased = None
                found += [] if is_open else [[at, None]]
    return [tuple(one) for one in found]


def test_two_sources_at_one_instant_are_two_measurements() -> None:
    events = [measured(0, 130, source=1), measured(0, 80, source=2), measured(0, 60, OXYGEN, source=1)]
    for order in itertools.permutations(events):
        assert at_once(HIGH, order, 5) in ([(0, None)], [(0, 10)])
    assert len({one.order for one in events}) == len(events)
