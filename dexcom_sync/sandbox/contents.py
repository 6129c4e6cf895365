"""Everything that one user has: readings as columns, other records one by one, and devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from dexcom_sync.sandbox.moments import MICRO, wall
from dexcom_sync.sandbox.series import Positions, Series
from dexcom_sync.sandbox.slots import Fields, Slots, Version, encoded, rendered
from dexcom_sync.sandbox.views import Entry, View

RESOURCES = ("egvs", "events", "calibrations", "alerts")
EARLIEST, LATEST = -62_135_596_800, 253_402_300_800
Moment = tuple[str, str]


@dataclass(slots=True)
class Device:
    """``fields`` without lastUploadDate, which ``uploads`` tells for a moment; None: there is no such field.

    Known from ``since`` on.
    """

    fields: Fields
    uploads: Callable[[float], float | None] | None
    since: float = 0

    def key(self) -> tuple[Any, Any, Any]:
        return self.fields.get("transmitterId"), self.fields.get("displayDevice"), self.fields.get("displayApp")


@dataclass(slots=True)
class Window:
    """What a data call answers."""

    series: list[tuple[Series, Positions]]
    versions: list[Version]

    def records(self, view: View) -> list[bytes]:
        """In ascending order of systemTime."""
        instants = [version.instant for version in self.versions]
        records = [encoded(version, view) for version in self.versions]
        for series, positions in self.series:
            instants += series.instants(positions)
            records += series.encoded(positions, view)
        order = sorted(range(len(records)), key=instants.__getitem__)
        return [records[place] for place in order]

    def mark_served(self) -> None:
        for version in self.versions:
            version.served = True
        for series, positions in self.series:
            series.mark_served(positions)


@dataclass(slots=True)
class Contents:
    """``moments`` names the instants (s) that a scenario is about, for tests that set the clock by them."""

    series: list[Series] = field(default_factory=list)
    slots: dict[str, Slots] = field(default_factory=lambda: {name: Slots() for name in RESOURCES})
    devices: list[Device] = field(default_factory=list)
    moments: dict[str, float] = field(default_factory=dict)

    def window(self, resource: str, first: int, before: int, view: View) -> Window:
        """From ``first`` on and before ``before``, both in microseconds of systemTime."""
        seconds = (-(-first // MICRO), -(-before // MICRO))
        series = [(each, each.window(*seconds, view)) for each in self._series_of(resource)]
        return Window(series, self.slots[resource].window(first, before, view))

    def ends(
        self, resource: str, view: View, *, uploaded_after: float = 0, newer_than: float = 0
    ) -> tuple[Moment, Moment] | None:
        """(systemTime, displayTime) of the first and of the last visible record."""
        found: list[tuple[int, Callable[[], Moment]]] = []
        limits = {"uploaded_after": uploaded_after, "newer_than": newer_than}
        for series in self._series_of(resource):
            ends = series.ends(view, **limits) or ()
            found += [(series.instant(position), partial(series.times, position, view)) for position in ends]
        versions = self.slots[resource].ends(view, **limits) or ()
        found += [(version.instant, partial(_times, version, view)) for version in versions]
        if not found:
            return None
        return min(found, key=lambda each: each[0])[1](), max(found, key=lambda each: each[0])[1]()

    def devices_at(self, now: float) -> list[Fields]:
        """Of several descriptions of the same device, the latest."""
        known: dict[tuple[Any, Any, Any], Fields] = {}
        for device in sorted(self.devices, key=lambda each: each.since):
            if device.since > now:
                continue
            uploaded = device.uploads(now) if device.uploads else None
            upload = {"lastUploadDate": wall(uploaded) + "Z"} if uploaded is not None else {}
            known[device.key()] = {**upload, **device.fields}
        return list(known.values())

    def ledger(self, resource: str, view: View, *, first: int = EARLIEST, before: int = LATEST) -> Iterator[Entry]:
        """Whatever was visible at ``view.now`` or before, also what gave way to a later version since."""
        for series in self._series_of(resource):
            positions = series.ever_visible(first, before, view)
            # In pieces: two years of readings as JSON would be a quarter of a gigabyte.
            for start in range(0, positions.size, 5_000):
                yield from series.ledger(view, positions[start : start + 5_000])
        for slot in self.slots[resource].slots:
            yield from (entry for entry in slot.ledger(view) if first <= entry.instant < before)

    def _series_of(self, resource: str) -> list[Series]:
        return self.series if resource == "egvs" else []


def _times(version: Version, view: View) -> Moment:
    fields = rendered(version, view)
    return fields["systemTime"], fields["displayTime"]
