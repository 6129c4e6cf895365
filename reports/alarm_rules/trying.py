"""What a rule would have done in the last days, beside what the rule of today did: before it is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString

from alerts.engine.conditions import Node
from alerts.engine.conditions.surroundings import Alert
from alerts.engine.machine import RulePlan
from alerts.engine.replay import Replay, replay
from alerts.engine.trace import Reading
from alerts.rules import standing_for_patient
from alerts.rules.effective import ready_rule
from alerts.rules.replays import readings_of
from alerts.rules.standing import Level, Standing
from alerts.services.rules import planned_rule
from audit.services import record_look
from patients.models import Patient
from readings.models import PatientState
from reports.alarm_rules.places import Place
from reports.alarm_rules.trial_chart import trial_chart
from reports.glucose_queries import target_of

REPLAY = "alerts.replay"
DAYS = (3, 7, 14, 30)
USUAL_DAYS = 14
MOST_PATIENTS = 5
# So that nobody waits for more than about two seconds: what does not fit is left out, and the page says so.
SECONDS = 1.2
MOST_READINGS = 20_000
PROBE = 300
LISTED = 40
TODAY = "rule of today"


@dataclass(frozen=True, slots=True)
class PatientTrial:
    """``today`` is None where no such rule is on today. ``cut_at``: what is older was left out for want of time.

    ``overruled_by``: whose rule stands for this patient, whatever is saved here.
    """

    patient: Patient
    tried: Replay
    today: Replay | None
    readings: int
    days_with_readings: int
    cut_at: datetime | None
    overruled_by: str
    chart: SafeString | str

    @property
    def instants(self) -> list[str]:
        zone = self.tried.zone
        return [f"{one.confirmed_at.astimezone(zone):%a %d %b, %H:%M}" for one in self.tried.episodes[-LISTED:]][::-1]

    @property
    def not_listed(self) -> int:
        return max(0, len(self.tried.episodes) - LISTED)


@dataclass(frozen=True, slots=True)
class Trial:
    """``left_out``: codes of patients for whom there was no time."""

    days: int
    patients: Sequence[PatientTrial]
    left_out: Sequence[str]

    @property
    def in_words(self) -> str:
        period = f"the last {self.days} days"
        if any(one.cut_at for one in self.patients):
            period = f"the part of {period} that was looked at"
        return f"{_sum_words([one.tried for one in self.patients])} in {period}"

    @property
    def today_in_words(self) -> str:
        found = [one.today for one in self.patients if one.today is not None]
        return _times(found) if found else "not at all: it is not on"

    @property
    def has_readings(self) -> bool:
        return any(one.readings for one in self.patients)


def _sum_words(replays: Sequence[Replay]) -> str:
    return f"would have alarmed {_times(replays)}" if any(one.episodes for one in replays) else "would not have alarmed"


def _times(replays: Sequence[Replay]) -> str:
    count, at_night = sum(len(one.episodes) for one in replays), sum(one.at_night for one in replays)
    if not count:
        return "never"
    return f"{'once' if count == 1 else f'{count} times'}, {at_night or 'never'} at night"


def patients_to_try(place: Place, named: str) -> tuple[list[Patient], str]:
    """A sentence where the name fits nobody or several; without a name, those of the place with the newest readings."""
    if place.patient:
        return [place.patient], ""
    named = named.replace("\x00", "").strip()[:100]
    if not named:
        newest = PatientState.objects.filter(patient_id__in=place.patients().values("pk")).order_by("-measured_at")
        states = newest.select_related("patient")[:MOST_PATIENTS]
        return [state.patient for state in states], ""
    found = list(Patient.objects.current().with_code(named)) or list(Patient.objects.current().found_by(named)[:2])
    if len(found) == 1:
        return found, ""
    return [], "Nobody has this code or name." if not found else "Several patients have this name: write the code."


def tried(
    *, place: Place, patients: Sequence[Patient], code: str | None, said: Mapping[str, Any], days: int, unit: str
) -> Trial:
    """``code`` of the rule that it shall be, None for a new one. Raises ValidationError."""
    until = timezone.now()
    since, ends = until - timedelta(days=days), perf_counter() + SECONDS
    done: list[PatientTrial] = []
    for patient in patients:
        # Some patients' whole days say more than a piece of everybody's.
        if done and perf_counter() >= ends:
            break
        record_look(kind=REPLAY, object_id=patient.code, patient_id=patient.pk, always=True)
        done.append(_tried_on(place, patient, code, said, (since, until), ends, unit))
    return Trial(days, done, [patient.code for patient in patients[len(done) :]])


def _tried_on(
    place: Place, patient: Patient, code: str | None, said: Mapping[str, Any], period: tuple[datetime, datetime],
    ends: float, unit: str,
) -> PatientTrial:  # fmt: skip
    standing = standing_for_patient(patient)
    known = code if code in standing else None
    plan: RulePlan = planned_rule(code=known, said=said, below=standing)
    today = ready_rule(standing[known]) if known and standing[known].is_on else None
    plans = [plan, *([replace(today, code=TODAY)] if today else [])]
    plans += _those_looked_at(plans, standing)
    readings = readings_of(patient, period[0], most=MOST_READINGS)
    used = _that_fit(plans, readings, patient, ends - perf_counter())
    found = replay(plans, used, patient.zone)
    by_rule = {one.code: _only(found, one.code) for one in plans[:2]}
    return PatientTrial(
        patient=patient,
        tried=by_rule[plan.code] if said.get("is_on", True) else Replay((), patient.zone),
        today=by_rule.get(TODAY),
        readings=len(used),
        days_with_readings=len({reading.measured_at.astimezone(patient.zone).date() for reading in used}),
        cut_at=used[0].measured_at if len(used) < len(readings) or len(readings) == MOST_READINGS else None,
        overruled_by=_overruling(standing[known].level, place) if known else "",
        chart=trial_chart(
            f"trial-{patient.code}", used, period, by_rule[plan.code], by_rule.get(TODAY),
            unit=unit, target=target_of(patient), zone=patient.zone,
        ) if used else "",
    )  # fmt: skip


def _overruling(level: Level, place: Place) -> str:
    if level is Level.PATIENT and place.patient is None:
        return "a rule of their own"
    return "a rule of their group" if level is Level.GROUP and place.level is Level.CLINIC else ""


def _only(found: Replay, code: str) -> Replay:
    return Replay(tuple(episode for episode in found.episodes if episode.rule == code), found.zone)


def _those_looked_at(plans: Sequence[RulePlan], standing: Standing) -> list[RulePlan]:
    """Rules on whose alarms these depend, and theirs: without them such a condition would never hold."""
    own = {plan.code for plan in plans}
    found: dict[str, RulePlan] = {}
    waiting: list[Node] = [plan.condition for plan in plans]
    while waiting:
        for node in waiting.pop().walk():
            if not isinstance(node, Alert) or node.rule in own or node.rule in found or node.rule not in standing:
                continue
            rule = ready_rule(standing[node.rule]) if standing[node.rule].is_on else None
            if rule is not None:
                found[rule.code] = rule
                waiting.append(rule.condition)
    return list(found.values())


def _that_fit(
    plans: Sequence[RulePlan], readings: Sequence[Reading], patient: Patient, seconds: float
) -> Sequence[Reading]:
    """The newest ones, as many as can be replayed in this time: found out with the first few hundred of them."""
    if len(readings) <= PROBE:
        return readings
    begun = perf_counter()
    replay(plans, readings[-PROBE:], patient.zone)
    taken = perf_counter() - begun
    fit = int(PROBE * max(0.0, seconds - taken) / taken)
    return readings[-max(fit, PROBE) :]
