"""All that rules look at, for some patients at once: claimed, so that nothing of theirs changes meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from alerts.engine.trace import DeviceContact, Measured, Reading
from alerts.evaluation import statements
from alerts.models import OPEN_STATES, Episode
from devices.lag import expected_lag
from devices.models import Device
from tenancy.scope import required_organization_id

# Slopes, flat lines and jumps look this far back.
LOOK_BACK = timedelta(minutes=60)
# What was fresh on arrival was measured at most so long before the newest reading that was known then.
OUT_OF_ORDER = timedelta(minutes=20)
# Beside the codes of rules in what is remembered of them: none of those has a space.
MEASURED_THROUGH, MEASURED_SEEN = "measured through", "measured seen"
# What the patient wears itself. Of the others one device stands for an account, in which one sensor follows the other.
WORN = frozenset({Device.Kind.ARGUS, Device.Kind.OTHER})

# Measured at in milliseconds, device, mg/dL.
SeenReading = tuple[int, int, int]
# Measured at in milliseconds, kind, source, both values.
SeenMeasured = tuple[int, int, int, float, float | None]
# As READINGS has them, in the order of ``Reading``.
Columns = tuple[datetime, int, int, datetime, int | None, int | None, bool]
# As MEASURED has them, in the order of ``Measured``.
MeasuredColumns = tuple[datetime, int, float, float | None, int, datetime]
# As REMEMBERED has them: device, last seen, kind, lag in minutes, assigned since.
_Contact = tuple[int, datetime | None, str, int | None, datetime]
_read_seen = msgspec.json.Decoder(frozenset[SeenReading]).decode
_read_readings = msgspec.json.Decoder(list[Columns]).decode
_read_measured = msgspec.json.Decoder(list[MeasuredColumns]).decode
_read_contacts = msgspec.json.Decoder(list[_Contact]).decode


@dataclass(slots=True)
class PatientLook:
    """One patient at one look. ``readings``: ascending, copies too; ``seen``: those that were looked at before."""

    patient_id: int
    zone: ZoneInfo
    waiting_since: datetime
    readings: list[Reading] = field(default_factory=list)
    devices: dict[int, DeviceContact] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    seen: frozenset[SeenReading] = frozenset()
    rules: dict[str, Any] = field(default_factory=dict)
    evaluated_through: datetime | None = None
    # Beside glucose, ascending; loaded where a rule asks for any.
    measured: list[Measured] = field(default_factory=list)

    @property
    def new_since(self) -> datetime:
        """A reading that no rule has seen is newer, or it was late on arrival."""
        return (self.evaluated_through or self.waiting_since) - OUT_OF_ORDER

    @property
    def longest_lag(self) -> timedelta:
        """So much older is the newest reading of a source that lags."""
        return max((device.lag for device in self.devices.values()), default=timedelta())


def claim(patient_ids: Sequence[int], now: datetime) -> dict[int, PatientLook]:
    """Those of the patients whom no store and no other evaluator holds, held until the transaction ends."""
    rows = _rows(statements.CLAIM, patient_id=list(patient_ids))
    looks = {patient_id: PatientLook(patient_id, ZoneInfo(timezone), now) for patient_id, timezone in rows}
    if missing := [patient_id for patient_id in patient_ids if patient_id not in looks]:
        rows = _rows(statements.CLAIM_WITHOUT_STATE, patient_id=missing)
        looks |= {patient_id: PatientLook(patient_id, ZoneInfo(timezone), now) for patient_id, timezone in rows}
    if looks:
        _add_episodes(looks)
        # Before anything that people change is read: what changes from here on leaves marks of its own. After the
        # episodes, so that nobody who holds one waits for our marks while we wait for it.
        _take_marks(looks)
        _add_what_is_remembered(looks, now)
        _add_readings(looks)
    return looks


def _add_episodes(looks: Mapping[int, PatientLook]) -> None:
    """Held as well. Most patients have none, and a statement says so at half the price of a QuerySet."""
    held = _rows(statements.HOLD_EPISODES, patient_id=list(looks), open_states=list(OPEN_STATES))
    for episode in Episode.objects.filter(pk__in=[number for (number,) in held]) if held else ():
        looks[episode.patient_id].episodes[episode.rule_code] = episode


def _take_marks(looks: Mapping[int, PatientLook]) -> None:
    for patient_id, marked_at in _rows(statements.TAKE_MARKS, patient_id=list(looks)):
        looks[patient_id].waiting_since = marked_at


def _add_what_is_remembered(looks: Mapping[int, PatientLook], now: datetime) -> None:
    rows = _rows(statements.REMEMBERED, patient_id=list(looks), now=now)
    for patient_id, evaluated_through, seen, rules, contacts in rows:
        look = looks[patient_id]
        if evaluated_through is not None:
            look.evaluated_through, look.rules = evaluated_through, msgspec.json.decode(rules)
            look.seen = _read_seen(seen)
        if contacts is not None:
            look.devices = {told[0]: _contact(*told[1:]) for told in _read_contacts(contacts)}


def _add_readings(looks: Mapping[int, PatientLook]) -> None:
    since = [look.new_since - LOOK_BACK - look.longest_lag for look in looks.values()]
    rows = _rows(statements.READINGS, patient_id=list(looks), since=since, oldest=min(since))
    for patient_id, readings in rows:
        looks[patient_id].readings = [Reading(*columns) for columns in _read_readings(readings)]
    for look in looks.values():
        current = look.readings[-1].device_id if look.readings else None
        look.devices = {number: replace(one, is_current=number == current) for number, one in look.devices.items()}


def add_measured(looks: Mapping[int, PatientLook], metrics: Mapping[int, frozenset[int]]) -> None:
    """``metrics``: by patient, the kinds that rules ask for. No statement where none does."""
    asked = {patient_id: look for patient_id, look in looks.items() if metrics[patient_id]}
    if not asked:
        return
    since = [measured_since(look) - OUT_OF_ORDER - LOOK_BACK for look in asked.values()]
    kinds = sorted(frozenset[int]().union(*metrics.values()))
    rows = _rows(statements.MEASURED, patient_id=list(asked), since=since, oldest=min(since), metric=kinds)
    for patient_id, columns in rows:
        asked[patient_id].measured = [
            one for one in (Measured(*row) for row in _read_measured(columns)) if one.metric in metrics[patient_id]
        ]


def measured_since(look: PatientLook) -> datetime:
    """When the newest that was looked at was measured."""
    known = look.rules.get(MEASURED_THROUGH)
    return look.waiting_since if known is None else datetime.fromisoformat(known)


def _contact(last_seen_at: datetime | None, kind: str, lag: int | None, assigned_since: datetime) -> DeviceContact:
    worn_since = assigned_since if kind in WORN else None
    return DeviceContact(last_seen_at, is_current=False, lag=expected_lag(kind, lag), worn_since=worn_since)


def _rows(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"organization_id": required_organization_id(), **parameters})
        return list(cursor.fetchall())
