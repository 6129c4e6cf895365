"""Events that are edited, deleted, entered later, or lack what they should have."""

from __future__ import annotations

from typing import Any

from dexcom_sync.sandbox.contents import Contents
from dexcom_sync.sandbox.identities import record_id
from dexcom_sync.sandbox.moments import MICRO
from dexcom_sync.sandbox.scenarios.habits import displayed, event, shown_by
from dexcom_sync.sandbox.scenarios.pieces import add_device, phone, put, run
from dexcom_sync.sandbox.scenarios.specs import DAY, HOUR, Spec
from dexcom_sync.sandbox.slots import Fields, Slot, Version

MINUTE = 60


def edited_events(spec: Spec) -> Contents:
    source, begin = phone(spec), spec.anchor - 10 * DAY
    contents = Contents(series=[run(spec, source, begin - 3 * DAY, spec.anchor)])
    _edits(contents, spec, begin)
    _oddities(contents, spec, begin + 2 * DAY)
    contents.moments |= {
        "created": begin, "value_updated": begin + 6 * HOUR, "time_updated": begin + 12 * HOUR,
        "deleted": begin + 18 * HOUR, "moved_far": begin + 3 * DAY, "updated_late": spec.anchor + 2 * DAY,
    }  # fmt: skip
    add_device(contents, spec, source, since=begin - 3 * DAY, until=spec.anchor)
    return contents


def _edits(contents: Contents, spec: Spec, begin: float) -> None:
    carbs = event("carbs", "40", "grams")
    life = _enter(contents, spec, "life", begin, carbs)
    _edit(spec, life, begin + 6 * HOUR, value="45")
    _edit(spec, life, begin + 12 * HOUR, at=begin - 3 * HOUR)
    _edit(spec, life, begin + 18 * HOUR, eventStatus="deleted")

    # Deleted ten minutes later: most who poll see nothing but the deletion.
    unseen = _enter(contents, spec, "unseen", begin + HOUR, event("insulin", "5", "units", "fastActing"))
    _edit(spec, unseen, begin + HOUR + 10 * MINUTE, eventStatus="deleted", value=None)

    _enter(contents, spec, "back-dated", begin - 20 * HOUR, event("carbs", "25", "grams"), entered=begin + 2 * HOUR)

    far = _enter(contents, spec, "moved far", begin + 3 * HOUR, event("insulin", "7.5", "units", "fastActing"))
    _edit(spec, far, begin + 3 * DAY, at=begin - 2 * DAY)

    late = _enter(contents, spec, "updated late", begin + 4 * HOUR, event("carbs", "60", "grams"))
    _edit(spec, late, spec.anchor + 2 * DAY, value="75")

    stress = event("health", None, None, "stress")
    returned = _enter(contents, spec, "deleted and back", begin + 5 * HOUR, stress)
    _edit(spec, returned, begin + 7 * HOUR, eventStatus="deleted")
    _edit(spec, returned, begin + 9 * HOUR, eventSubType="illness")


def _oddities(contents: Contents, spec: Spec, begin: float) -> None:
    odd: list[Fields] = [
        event("exercise", "-1", "minutes", "light"),
        event("exercise", "-1.00", "minutes", "heavy"),
        event("exercise", "30", "minutes"),
        event("insulin", None, "units", "fastActing"),
        event("insulin", "", "units", "longActing"),
        event("insulin", "3", "units"),
        event("insulin", "4", None, "fastActing"),
        event("carbs", None, "grams"),
        event("carbs", "20", ""),
        event("note", "A walk along the river", None),
        event("notes", "Dinner out", None),
        event("health", "1", None, "illness"),
        event("bloodGlucose", "104", "mg/dL"),
        event("unknown", None, "unknown", "unknown"),
        {**event("carbs", None, "grams"), "value": 45},
        {**event("insulin", None, "units", "fastActing"), "value": 4.5},
    ]
    for number, fields in enumerate(odd):
        _enter(contents, spec, f"odd {number}", begin + number * HOUR, fields)
    without_entry = event("carbs", "15", "grams")
    slot = _enter(contents, spec, "no time of entry", begin + len(odd) * HOUR, without_entry)
    for name in ("recordedSystemTime", "recordedDisplayTime", "displayApp"):
        del slot.versions[0].fields[name]


def _enter(contents: Contents, spec: Spec, name: str, at: float, what: Fields, *, entered: float | None = None) -> Slot:
    recorded = displayed(at + 90 if entered is None else entered, spec.zone)
    source = phone(spec)
    fields = {
        "recordId": record_id(spec.name, "event", name), **_times(spec, at),
        "recordedSystemTime": recorded["systemTime"] + "Z", "recordedDisplayTime": recorded["displayTime"], **what,
        "transmitterId": source.transmitter(0), **shown_by(source),
    }  # fmt: skip
    return put(contents, "events", fields, at, uploaded=(at + 90 if entered is None else entered) + 20)


def _edit(spec: Spec, slot: Slot, when: float, *, at: float | None = None, **changes: Any) -> None:
    """At ``when``; ``at`` moves the event to another time."""
    before = slot.versions[-1]
    fields = {**before.fields, "eventStatus": "updated", **changes}
    instant = before.instant
    if at is not None:
        fields |= _times(spec, at)
        instant = round(at * MICRO)
    slot.add(Version(when, instant, fields))


def _times(spec: Spec, at: float) -> Fields:
    times = displayed(at, spec.zone)
    return {"systemTime": times["systemTime"] + "Z", "displayTime": times["displayTime"]}
