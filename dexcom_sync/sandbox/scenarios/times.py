"""Clocks and zones: every shape of a time, device clocks that are wrong, changes of the clock, journeys."""

from __future__ import annotations

from datetime import UTC, datetime

from dexcom_sync.sandbox.contents import Contents
from dexcom_sync.sandbox.moments import offset_at, offset_text, wall
from dexcom_sync.sandbox.scenarios.pieces import add_device, egv, phone, put, run
from dexcom_sync.sandbox.scenarios.specs import DAY, HOUR, Spec

NEW_YORK, LOS_ANGELES, BERLIN, KATHMANDU = "America/New_York", "America/Los_Angeles", "Europe/Berlin", "Asia/Kathmandu"
AHEAD, BEHIND = 20 * HOUR, 40 * DAY


def shapes(spec: Spec) -> Contents:
    """One reading an hour, each with its times in another shape."""
    contents, source = Contents(), phone(spec)
    for number, (system, display, at) in enumerate(_written(spec)):
        fields = egv(spec, source, at, 100 + number, systemTime=system, displayTime=display)
        put(contents, "egvs", fields, at)
    add_device(contents, spec, source, since=spec.anchor - 2 * DAY, until=spec.anchor)
    return contents


def _written(spec: Spec) -> list[tuple[str, str, float]]:
    """systemTime, displayTime, and the instant that both mean."""
    written: list[tuple[str, str, float]] = []
    begin = spec.anchor - 40 * HOUR

    def add(system: str, display: str, *, second: float = 311, offset: int | None = None) -> None:
        at = begin + len(written) * HOUR + second
        east = offset_at(spec.zone, at) if offset is None else offset
        utc, local = wall(at), wall(at + east)
        words = {"utc": utc, "local": local, "off": offset_text(east), "hours": offset_text(east)[:3]}
        words |= {"utc_spaced": utc.replace("T", " "), "local_spaced": local.replace("T", " ")}
        short = {"utc16": utc[:16], "local16": local[:16], "utc13": utc[:13], "local13": local[:13]}
        written.append((system.format(**words, **short), display.format(**words, **short), at))

    add("{utc}", "{local}")
    add("{utc}Z", "{local}{off}")
    add("{utc}+00", "{local}{hours}")
    add("{utc}+0000", "{local}{hours}00")
    add("{utc}+00:00", "{local}{off}")
    add("{utc}+00:00:00", "{local}{off}:00")
    # The device works the offset out of two clocks that are two seconds apart.
    add("{utc}Z", "{local}" + offset_text(offset_at(spec.zone, begin) + 2))
    add("{local}{off}", "{local}{off}")
    add("{utc16}Z", "{local16}{off}", second=300)
    add("{utc16}", "{local16}", second=300)
    add("{utc13}", "{local13}", second=0)
    for digits in range(1, 10):
        fraction = "123456789"[:digits]
        add(f"{{utc}}.{fraction}Z", f"{{local}}.{fraction}{{off}}", second=311 + float(f"0.{fraction[:6]}"))
    add("{utc}.5", "{local}.5", second=311.5)
    for offset in (345, 765, -210, 840, -720):
        add("{utc}Z", "{local}{off}", offset=offset * 60)
        add("{utc}", "{local}", offset=offset * 60)
    add("{utc_spaced}Z", "{local_spaced}{off}")
    written.append(_one_digit_fields(spec))
    return written


def _one_digit_fields(spec: Spec) -> tuple[str, str, float]:
    """The third of a month, minutes and seconds below ten."""
    third = datetime.fromtimestamp(spec.anchor, UTC).replace(day=3, hour=9, minute=5, second=1, microsecond=0)
    at = third.timestamp() - 31 * DAY
    at -= (datetime.fromtimestamp(at, UTC).day - 3) * DAY
    return _bare(at), _bare(at + offset_at(spec.zone, at)), at


def _bare(second: float) -> str:
    moment = datetime.fromtimestamp(second, UTC)
    return f"{moment.year}-{moment.month}-{moment.day} {moment.hour}:{moment.minute}:{moment.second}"


def wrong_clock(spec: Spec) -> Contents:
    """A day with the clock right, one 20 h ahead, one 40 days behind, one right again."""
    source, begin = phone(spec), spec.anchor - 4 * DAY
    contents = Contents(
        moments={"ahead_from": begin + DAY, "behind_from": begin + 2 * DAY, "right_from": begin + 3 * DAY}
    )
    for day, error in enumerate((0, AHEAD, -BEHIND, 0)):
        first = begin + day * DAY
        contents.series.append(run(spec, source, first, first + DAY, clock_error=error))
    add_device(contents, spec, source, since=begin, until=spec.anchor)
    return contents


def changes_of_the_clock(spec: Spec) -> Contents:
    """The nights when clocks go back and forward, a flight over nine zones, and a zone of 5:45."""
    source = phone(spec)
    back, forward = (_last_change(NEW_YORK, spec.anchor, direction) for direction in (-HOUR, HOUR))
    flight, kathmandu = spec.anchor - 20 * DAY, spec.anchor - 10 * DAY
    contents = Contents(
        moments={"fall_back": back, "spring_forward": forward, "flight": flight, "kathmandu": kathmandu}
    )
    for change in sorted((back, forward)):
        contents.series.append(run(spec, source, change - 18 * HOUR, change + 18 * HOUR, zone=NEW_YORK))
    contents.series.append(run(spec, source, flight - DAY, flight, zone=LOS_ANGELES))
    contents.series.append(run(spec, source, flight, flight + DAY, zone=BERLIN))
    contents.series.append(run(spec, source, kathmandu, kathmandu + DAY, zone=KATHMANDU))
    add_device(contents, spec, source, since=min(back, forward) - DAY, until=kathmandu + DAY)
    return contents


def _last_change(zone: str, before: float, by: int) -> float:
    """When the zone's offset last changed by so many seconds."""
    hour = before // HOUR * HOUR
    while offset_at(zone, hour) - offset_at(zone, hour - HOUR) != by:
        hour -= HOUR
    return hour
