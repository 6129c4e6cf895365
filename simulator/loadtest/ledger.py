"""The ledger: what was acknowledged, held against what the database has, and against what the rules call for."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import close_old_connections, transaction

from alerts.engine.replay import replay
from alerts.engine.trace import Reading
from alerts.models import Episode
from alerts.rules import effective_rules
from patients.models import Patient
from readings.models import EvaluationMark, GlucoseReading
from simulator.loadtest.record import Record, Values, instant_of, milliseconds_of
from simulator.loadtest.scenario import Run
from simulator.loadtest.world import LoadClinic
from tenancy.scope import organization_scope

# The evaluator may have been away until the end.
PATIENCE_SECONDS = 90.0
SHOWN = 20
# Of rules that look at single readings, whatever came before or after them.
OF_ONE_READING = frozenset({"urgent_low", "low"})
ANY_TIME = instant_of(0)
Stored = dict[int, list[tuple[str, int]]]


@dataclass(slots=True)
class Ledger:
    acknowledged: int = 0
    stored: int = 0
    rows_read: int = 0
    alarms_called_for: int = 0
    alarms_found: int = 0
    problems: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        return {
            "acknowledged": self.acknowledged,
            "stored": self.stored,
            "rowsSeenByReaders": self.rows_read,
            "alarmsCalledFor": self.alarms_called_for,
            "alarmsFound": self.alarms_found,
            "problems": self.problems,
        }


def close_ledger(run: Run, *, with_alarms: bool = True, wait: Callable[[float], None] = time.sleep) -> Ledger:
    close_old_connections()
    ledger = Ledger(acknowledged=run.record.acknowledgements, rows_read=run.record.rows_read)
    ledger.problems += [f"{times} times: {said}" for said, times in run.record.problems.items()]
    if run.record.undelivered:
        ledger.problems.append(f"{run.record.undelivered} readings were never acknowledged: their devices keep them.")
    if not ledger.acknowledged:
        ledger.problems.append("Nothing was acknowledged, so nothing was shown.")
    if run.reads.total and not ledger.rows_read:
        ledger.problems.append("Readers saw no row at all, so that they saw no foreign one says nothing.")
    for clinic in run.clinics:
        with organization_scope(clinic.organization_id):
            stored = _stored(clinic)
            ledger.stored += sum(len(rows) for of_device in stored.values() for rows in of_device.values())
            ledger.problems += _shortened(_of_readings(clinic, run.record, stored), clinic)
            if with_alarms:
                _wait_for_the_evaluator(clinic, ledger, wait)
                ledger.problems += _shortened(_of_alarms(clinic, run, stored, ledger), clinic)
    if with_alarms and not ledger.alarms_called_for:
        ledger.problems.append(
            "The rules called for no alarm, so that none is missing says nothing: let it run longer."
        )
    return ledger


def _shortened(problems: Iterator[str], clinic: LoadClinic) -> list[str]:
    said = [f"{clinic.code}: {problem}" for problem in problems]
    return said if len(said) <= SHOWN else [*said[:SHOWN], f"{clinic.code}: and {len(said) - SHOWN} more."]


@transaction.atomic
def _stored(clinic: LoadClinic) -> dict[int, Stored]:
    """By the number of the device and the instant: whose it is and its value, of every row there is."""
    found: dict[int, Stored] = defaultdict(lambda: defaultdict(list))
    columns = ("device__code", "measured_at", "patient__code", "glucose")
    for code, at, patient, glucose in GlucoseReading.objects.values_list(*columns).iterator(chunk_size=10_000):
        found[int(code.rpartition("_")[2])][milliseconds_of(at)].append((patient, glucose))
    return found


def _of_readings(clinic: LoadClinic, record: Record, stored: dict[int, Stored]) -> Iterator[str]:
    for device in clinic.devices:
        wearer, rows = (clinic.number, device.number), stored.get(device.number, {})
        acknowledged, posted = record.acknowledged.get(wearer, {}), record.posted.get(wearer, {})
        for instant, value in acknowledged.items():
            if (found := rows.get(instant)) is None:
                yield f"{device.code} at {instant_of(instant)} was acknowledged with {value} and is not there."
            elif len(found) > 1:
                yield f"{device.code} at {instant_of(instant)} is there {len(found)} times."
        for instant, found in rows.items():
            if instant not in posted:
                yield f"{device.code} at {instant_of(instant)} is there, and nobody posted it."
            elif found[0] != (device.patient_code, posted[instant]):
                expected = (device.patient_code, posted[instant])
                yield f"{device.code} at {instant_of(instant)} is {found[0]}, not {expected}."


def _wait_for_the_evaluator(clinic: LoadClinic, ledger: Ledger, wait: Callable[[float], None]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while waiting := _waiting():
        if time.monotonic() > deadline:
            ledger.problems.append(
                f"{clinic.code}: {waiting} patients wait for their rules since {PATIENCE_SECONDS:g} s. "
                "Does `manage.py evaluate_alarms` run?"
            )
            return
        wait(0.5)


@transaction.atomic
def _waiting() -> int:
    return int(EvaluationMark.objects.count())


def _of_alarms(clinic: LoadClinic, run: Run, stored: dict[int, Stored], ledger: Ledger) -> Iterator[str]:
    """By the rules' own replay of the posted trace: each reading as if it had come at once."""
    found: dict[int, Counter[tuple[str, datetime]]] = defaultdict(Counter)
    with transaction.atomic():
        ids = dict(Patient.objects.values_list("code", "pk"))
        plans = effective_rules(ids.values())
        for patient, rule, at in Episode.objects.confirmed().values_list("patient_id", "rule_code", "confirmed_at"):
            found[patient][rule, at] += 1
    for device in clinic.devices:
        patient = ids[device.patient_code]
        # What the clock brings about depends on when it is asked.
        rules = [plan for plan in plans[patient] if not plan.needs_ticks]
        trace = _trace(run.record, clinic, device.number, stored)
        called_for = Counter((one.rule, one.confirmed_at) for one in replay(rules, trace, ZoneInfo("UTC")).episodes)
        there = Counter({key: times for key, times in found[patient].items() if key[0] in {one.code for one in rules}})
        if (clinic.number, device.number) in run.jumping:
            # Which rules saw what when is a matter of the order of arrival there.
            called_for, there = _of_single_readings(called_for), _of_single_readings(there)
        ledger.alarms_called_for += called_for.total()
        ledger.alarms_found += (called_for & there).total()
        for rule, at in (called_for - there).elements():
            yield f"the alarm {rule} of {device.patient_code} at {at} is called for and is not there."
        for rule, at in (there - called_for).elements():
            yield f"the alarm {rule} of {device.patient_code} at {at} is there, and no rule calls for it."


def _of_single_readings(alarms: Counter[tuple[str, datetime]]) -> Counter[tuple[str, datetime]]:
    """Whether there was any."""
    return Counter({(rule, ANY_TIME): 1 for rule, _ in alarms if rule in OF_ONE_READING})


def _trace(record: Record, clinic: LoadClinic, number: int, stored: dict[int, Stored]) -> list[Reading]:
    """What was acknowledged, and what was stored although its answer was lost."""
    posted = record.posted.get((clinic.number, number), {})
    known: Values = {instant: value for instant, value in posted.items() if instant in stored.get(number, {})}
    known |= record.acknowledged.get((clinic.number, number), {})
    return [
        Reading(instant_of(instant), value, number, instant_of(instant), quality=2, battery_level=80)
        for instant, value in sorted(known.items())
    ]
