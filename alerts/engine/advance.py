"""A rule catches up with a patient's readings, in whatever order they arrived."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from alerts.engine.conditions.node import ROOT, Look, Memory
from alerts.engine.events import EventTimeline
from alerts.engine.machine import RulePlan, RuleState, Transition, observe, settle, step
from alerts.engine.trace import ALARMING, HISTORY, Event, Moment, State, Timeline, silent_after

AnyTimeline = Timeline | EventTimeline


def advance(
    plan: RulePlan, state: RuleState, new_readings: Iterable[Event], timeline: AnyTimeline, now: datetime
) -> tuple[RuleState, list[Transition]]:
    """Looks at each new reading at its own instant, then at ``now`` where the clock matters.

    ``timeline`` holds the new readings and those of the hour before the first of them. A reading that comes after
    later ones were looked at is looked at all the same, and they again after it. Readings that were late on arrival,
    and copies, change nothing by themselves; later ones see them as history. For a rule that asks for measurements
    beside glucose, those are readings too: give it a timeline of both.
    """
    seen, begin = _places(state, new_readings, timeline)
    readings = timeline.readings
    was_idle = state.state is State.IDLE
    closed = state.is_within_closed
    if begin < seen or state.looked_at is None:
        state = _remembered(plan, state, timeline, begin)
    transitions: list[Transition] = []
    for index in range(begin, len(readings)):
        reading = readings[index]
        if not plan.is_about(reading):
            continue
        if plan.metrics:
            state, changes = settle(plan, state, reading.measured_at)
            transitions += changes
        state = _through_silence(plan, state, timeline, index)
        # Looked at for the second time, a reading can begin what was overlooked. It cannot end what is going on: the
        # newest decides about that.
        may_change = index >= seen or index == len(readings) - 1 or (was_idle and not closed(reading.measured_at))
        if may_change and reading.is_fresh:
            state, changes = step(plan, state, timeline.at_reading(index))
            transitions += changes
        else:
            state = observe(plan, state, timeline.at_reading(index))
    if plan.metrics:
        state, changes = settle(plan, state, now)
        transitions += changes
    if plan.needs_ticks:
        state, changes = step(plan, state, timeline.at(now))
        transitions += changes
    if readings and (state.looked_at is None or readings[-1].order > state.looked_at):
        state = replace(state, looked_at=readings[-1].order)
    return state, transitions


def what_is_new(state: RuleState, new_readings: Iterable[Event], timeline: AnyTimeline) -> Sequence[Moment] | None:
    """Of a state that says nothing, the moments of readings that ``advance`` would look at; None: that is no matter of
    these alone."""
    seen, begin = _places(state, new_readings, timeline)
    if state.looked_at is None or begin < seen or begin <= timeline.after_last_silence:
        return None
    return [timeline.at_reading(index) for index in range(begin, len(timeline.readings))]


def stays_idle(plan: RulePlan, moments: Iterable[Moment], tick: Moment) -> bool:
    """Whether ``advance`` would change nothing of a state that says nothing, by the moments of ``what_is_new``.

    So it is for most rules at most looks, and this takes a fraction of the time. False: look properly.
    """
    memory: Memory = {}
    for moment in moments:
        if plan.condition.truth(Look(moment, memory), ROOT) or memory:
            return False
    return not plan.needs_ticks or not (plan.condition.truth(Look(tick, memory), ROOT) or memory)


def _places(state: RuleState, new_readings: Iterable[Event], timeline: AnyTimeline) -> tuple[int, int]:
    """How many readings were looked at before, and with which to begin."""
    orders = [reading.order for reading in new_readings if not reading.is_copy]
    first_new = timeline.first_from(min(orders)) if orders else len(timeline.readings)
    if state.looked_at is None:
        return first_new, first_new
    at, device = state.looked_at
    seen = timeline.first_from((at, device + 1))
    return seen, min(first_new, seen)


def _remembered(plan: RulePlan, state: RuleState, timeline: AnyTimeline, begin: int) -> RuleState:
    """As the state would have been before the reading at ``begin``: forgets what began within the hour before it, and
    finds that again. What began earlier and goes on has gone on then."""
    if not timeline.readings or not (plan.looks_back or state.state in ALARMING):
        return state
    last = timeline.readings[min(begin, len(timeline.readings) - 1)]
    since = last.measured_at - HISTORY
    state = replace(
        state,
        memory={path: start for path, start in state.memory.items() if datetime.fromisoformat(start) < since},
        true_since=state.true_since if state.true_since and state.true_since < since else None,
        clear_since=state.clear_since if state.clear_since and state.clear_since < since else None,
    )
    for index in range(timeline.first_from((since, 0)), begin):
        state = observe(plan, _through_silence(plan, state, timeline, index), timeline.at_reading(index))
    return state


def _through_silence(plan: RulePlan, state: RuleState, timeline: AnyTimeline, index: int) -> RuleState:
    """Looks once into a long gap before a reading, so that nothing seems to have gone on through it."""
    if index == 0:
        return state
    silent_at = silent_after(timeline.readings[index - 1])
    if timeline.readings[index].measured_at < silent_at:
        return state
    return observe(plan, state, timeline.at(silent_at))
