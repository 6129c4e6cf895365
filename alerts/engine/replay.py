"""What rules would have done with a patient's past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from alerts.engine.events import EventTimeline
from alerts.engine.machine import Kind, RulePlan, RuleState, Transition, next_look, observe, settle, step
from alerts.engine.trace import DeviceContact, Event, Measured, Moment, OtherAlert, Reading, Timeline, silent_after

NIGHT_FROM, NIGHT_UNTIL = 22, 7
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReplayedEpisode:
    """``resolved_at`` is None where it went on at the end; ``worst`` in mg/dL."""

    rule: str
    severity: str
    opened_at: datetime
    confirmed_at: datetime
    resolved_at: datetime | None
    worst: int | None


@dataclass(frozen=True)
class Replay:
    """Alarms only: what was dismissed before it was confirmed is none."""

    episodes: tuple[ReplayedEpisode, ...]
    zone: ZoneInfo

    @cached_property
    def at_night(self) -> int:
        """Confirmed from 22:00 on and before 07:00 of the patient's clock."""
        hours = [episode.confirmed_at.astimezone(self.zone).hour for episode in self.episodes]
        return sum(hour >= NIGHT_FROM or hour < NIGHT_UNTIL for hour in hours)

    @cached_property
    def by_severity(self) -> Mapping[str, int]:
        return Counter(episode.severity for episode in self.episodes)

    @cached_property
    def by_rule(self) -> Mapping[str, int]:
        return Counter(episode.rule for episode in self.episodes)

    def in_words(self) -> str:
        count = len(self.episodes)
        if count == 0:
            return "would not have alarmed"
        times = "once" if count == 1 else f"{count} times"
        return f"would have alarmed {times}, {self.at_night or 'never'} at night"


def replay(
    plans: Sequence[RulePlan], readings: Iterable[Reading], zone: ZoneInfo, measured: Sequence[Measured] = ()
) -> Replay:
    """Each reading as if it had arrived at once, and each instant in between at which the clock matters.

    Nobody acknowledges, and a device is in contact when it measures: what people did is not replayed.
    """
    glucose = Timeline(readings, zone)
    timeline = EventTimeline(glucose, measured) if measured else glucose
    runs = [_Run(plan) for plan in plans]
    times = [reading.measured_at for reading in timeline.readings]
    for index, reading in enumerate(timeline.readings):
        moment = _look(runs, timeline.at_reading(index), reading)
        until = times[index + 1] if index + 1 < len(times) else reading.measured_at
        while (instant := _next_instant(runs, moment)) < until:
            moment = _look(runs, timeline.at(instant), None)
    episodes = [episode for run in runs for episode in run.finished()]
    return Replay(tuple(sorted(episodes, key=lambda episode: episode.confirmed_at)), zone)


class _Run:
    """One plan on its way through the past."""

    def __init__(self, plan: RulePlan) -> None:
        self.plan = plan
        self.state = RuleState()
        self.episodes: list[ReplayedEpisode] = []
        self.going_on: ReplayedEpisode | None = None

    def look(self, moment: Moment, event: Event | None) -> None:
        """``event`` None: a tick."""
        self.state, transitions = settle(self.plan, self.state, moment.at)
        for transition in transitions:
            self._note(transition)
        if event is None and not self.plan.needs_ticks:
            self.state = observe(self.plan, self.state, moment)
            return
        if event is not None and not self.plan.is_about(event):
            return
        self.state, transitions = step(self.plan, self.state, moment)
        for transition in transitions:
            self._note(transition)
        if self.going_on is not None and self.going_on.worst != self.state.worst:
            self.going_on = replace(self.going_on, worst=self.state.worst)

    def finished(self) -> list[ReplayedEpisode]:
        return [*self.episodes, self.going_on] if self.going_on is not None else self.episodes

    def _note(self, transition: Transition) -> None:
        if transition.kind is Kind.CONFIRMED:
            opened_at = self.state.opened_at or transition.at
            self.going_on = ReplayedEpisode(
                self.plan.code, self.plan.severity, opened_at, transition.at, None, self.state.worst
            )
        elif transition.kind is Kind.RESOLVED and self.going_on is not None:
            self.episodes.append(replace(self.going_on, resolved_at=transition.at))
            self.going_on = None


def _look(runs: Sequence[_Run], moment: Moment, event: Event | None) -> Moment:
    """Gives the moment as the rules saw it; ``event`` None: a tick."""
    alerts = {
        run.plan.code: OtherAlert(run.state.state, run.going_on.confirmed_at)
        for run in runs
        if run.going_on is not None
    }
    contact = {one.device_id: DeviceContact(one.measured_at, is_current=True) for one in moment.readings[-1:]}
    moment = replace(moment, devices=contact, alerts=alerts)
    for run in runs:
        run.look(moment, event)
    return moment


def _next_instant(runs: Sequence[_Run], moment: Moment) -> datetime:
    instants = [next_look(run.plan, run.state, moment) for run in runs]
    instants += [at for one in moment.readings[-1:] if (at := silent_after(one)) > moment.at]
    return min((instant for instant in instants if instant is not None), default=NEVER)
