"""Which of the copies of one physical reading counts: phone and receiver may each send one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from dexcom_sync.records.egvs import Egv
from dexcom_sync.records.enums import is_receiver

SAME_READING_SECONDS = 150
SAME_VALUE = 1
# Two devices and five minutes between readings make one or two. An answer of nothing but one time must not cost hours.
MOST_NEIGHBOURS = 20


class Copy(msgspec.Struct, frozen=True, gc=False):
    record_id: str
    system_time: datetime
    transmitter_id: str
    transmitter_ticks: int | None
    value: int | None
    display_device: str

    @classmethod
    def of(cls, egv: Egv) -> Copy:
        return cls(
            egv.record_id,
            egv.times.system_time,
            egv.source.transmitter_id,
            egv.transmitter_ticks,
            egv.value,
            egv.source.display_device,
        )

    @property
    def key(self) -> tuple[str, int] | None:
        """Names the physical reading, whichever device uploaded it."""
        if self.transmitter_id and self.transmitter_ticks is not None and self.transmitter_ticks > 0:
            return self.transmitter_id, self.transmitter_ticks
        return None


class Reading(msgspec.Struct, frozen=True):
    """``copies``: the chosen one among them, by record id. ``is_conflict``: they differ in value, or another reading is
    too near for both to be true.
    """

    chosen: Copy
    copies: tuple[Copy, ...]
    is_conflict: bool


def physical_readings(copies: Iterable[Copy]) -> list[Reading]:
    """In the order of time; the same whatever the order of ``copies``, which are one patient's.

    Give all copies that lie within 150 s of one that is new.
    """
    groups = _Groups(sorted(copies, key=lambda copy: (copy.system_time, copy.record_id)))
    conflicts: set[int] = set()
    for _, first, second in sorted(groups.near_pairs()):
        if groups.are_one(first, second):
            continue
        if _may_be_one(groups.of(first), groups.of(second)):
            groups.join(first, second)
        else:
            conflicts |= {first, second}
    readings = [_reading(group, any(place in conflicts for place in places)) for places, group in groups.all()]
    return sorted(readings, key=lambda reading: (reading.chosen.system_time, reading.chosen.record_id))


class _Groups:
    """Copies that are one reading, by their places in time; at first those with one key."""

    def __init__(self, copies: Sequence[Copy]) -> None:
        self._copies = copies
        self._group: list[list[int]] = []
        by_key: dict[tuple[str, int], list[int]] = {}
        for place, copy in enumerate(copies):
            group = by_key.setdefault(copy.key, []) if copy.key is not None else []
            group.append(place)
            self._group.append(group)

    def near_pairs(self) -> list[tuple[float, int, int]]:
        """Distance and places of pairs whose keys cannot tell whether they are one."""
        pairs = []
        for first, copy in enumerate(self._copies):
            for second in range(first + 1, min(first + 1 + MOST_NEIGHBOURS, len(self._copies))):
                other = self._copies[second]
                distance = (other.system_time - copy.system_time).total_seconds()
                if distance > SAME_READING_SECONDS:
                    break
                if copy.key is None or other.key is None:
                    pairs.append((distance, first, second))
        return pairs

    def of(self, place: int) -> list[Copy]:
        return [self._copies[one] for one in self._group[place]]

    def are_one(self, first: int, second: int) -> bool:
        return self._group[first] is self._group[second]

    def join(self, first: int, second: int) -> None:
        joined = self._group[first]
        for place in self._group[second]:
            joined.append(place)
            self._group[place] = joined

    def all(self) -> list[tuple[list[int], list[Copy]]]:
        once = {id(group): group for group in self._group}
        return [(group, [self._copies[place] for place in group]) for group in once.values()]


def _may_be_one(one: Sequence[Copy], other: Sequence[Copy]) -> bool:
    if {copy.display_device for copy in one} & {copy.display_device for copy in other}:
        return False
    keys = {copy.key for copy in (*one, *other)} - {None}
    return len(keys) <= 1 and not _differ((*one, *other))


def _differ(copies: Sequence[Copy]) -> bool:
    values = [copy.value for copy in copies if copy.value is not None]
    return bool(values) and max(values) - min(values) > SAME_VALUE


def _reading(copies: Sequence[Copy], is_conflict: bool) -> Reading:
    ordered = tuple(sorted(copies, key=lambda copy: copy.record_id))
    return Reading(min(ordered, key=_rank), ordered, is_conflict or _differ(ordered))


def _rank(copy: Copy) -> tuple[bool, bool, str]:
    """A value before none, whoever has it: the other way round a phone's gap would hide what the receiver measured."""
    return copy.value is None, is_receiver(copy.display_device), copy.record_id
