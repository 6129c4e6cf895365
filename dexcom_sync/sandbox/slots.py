"""Records that are kept one by one: events and their edits, calibrations, alerts, and what a scenario spells out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from dexcom_sync.sandbox.moments import MICRO
from dexcom_sync.sandbox.views import Entry, View

Fields = dict[str, Any]
STYLED = ("systemTime", "recordedSystemTime")


@dataclass(slots=True)
class Version:
    """``uploaded`` is true time in seconds; ``instant`` what systemTime means, in microseconds.

    ``styled``: systemTime is given without a zone, and the switch adds one or not.
    """

    uploaded: float
    instant: int
    fields: Fields
    styled: bool = False
    served: bool = False


@dataclass(slots=True)
class Slot:
    """One record and the versions it went through, the oldest first."""

    versions: list[Version]
    receiver: bool = False

    def visible(self, view: View) -> Version | None:
        newest = view.newest_upload(self.receiver)
        return next((version for version in reversed(self.versions) if version.uploaded <= newest), None)

    def add(self, version: Version) -> None:
        self.versions.append(version)
        self.versions.sort(key=lambda each: each.uploaded)

    def ledger(self, view: View) -> Iterator[Entry]:
        newest = view.newest_upload(self.receiver)
        delay = view.now - newest
        for version, successor in zip(self.versions, [*self.versions[1:], None], strict=True):
            if version.uploaded <= newest:
                gone = successor is not None and successor.uploaded <= newest
                yield Entry(
                    record=encoded(version, view),
                    instant=version.instant / MICRO,
                    visible_at=version.uploaded + delay,
                    superseded_at=successor.uploaded + delay if gone and successor else None,
                    served=version.served,
                )


@dataclass(slots=True)
class Slots:
    """Those of one resource of one user."""

    slots: list[Slot] = field(default_factory=list)

    def window(self, first: int, before: int, view: View) -> list[Version]:
        """The visible version of each record, where its instant (µs) lies from ``first`` on and before ``before``."""
        found = (slot.visible(view) for slot in self.slots)
        return [version for version in found if version and first <= version.instant < before]

    def ends(self, view: View, *, uploaded_after: float = 0, newer_than: float = 0) -> tuple[Version, Version] | None:
        found = [
            version
            for slot in self.slots
            if (version := slot.visible(view))
            and version.uploaded > uploaded_after
            and version.instant > newer_than * MICRO
        ]
        if not found:
            return None
        return min(found, key=lambda each: each.instant), max(found, key=lambda each: each.instant)

    def of(self, record_id: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.versions[0].fields.get("recordId") == record_id), None)

    def extend(self, slots: Iterable[Slot]) -> None:
        self.slots.extend(slots)


def rendered(version: Version, view: View) -> Fields:
    fields = version.fields
    if version.styled:
        ends = {name: fields[name] + view.suffix(version.instant // MICRO) for name in STYLED if fields.get(name)}
        fields = {**fields, **ends}
    if view.numbers and isinstance(fields.get("value"), str) and fields.get("eventType") not in ("note", "notes"):
        fields = {**fields, "value": _number(fields["value"])}
    return fields


def encoded(version: Version, view: View) -> bytes:
    return msgspec.json.encode(rendered(version, view))


def _number(text: str) -> float | int | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number == int(number) else number
