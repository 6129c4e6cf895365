"""When a record was made: the two times of a device, and the offset between them."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta, tzinfo

import msgspec

from dexcom_sync.records.moments import (
    LARGEST_OFFSET,
    LAST_YEAR,
    SMALLEST_OFFSET,
    USUAL_OFFSETS,
    Precision,
    Stamp,
    has_usual_shape,
    read_moment,
)
from dexcom_sync.records.outcomes import Context, Flag, Flags, Leniencies, Leniency, Reason

# +05:45 and +12:45 exist, hence quarters of an hour.
QUARTER, DAY = 15 * 60, 24 * 3600
AHEAD_TOLERANCE = timedelta(minutes=1)
FARTHEST_AHEAD = timedelta(hours=24)
LONG_AGO_YEAR = 2015


class OffsetSource(enum.StrEnum):
    EXPLICIT = "explicit"
    DERIVED = "derived"
    ASSUMED = "assumed"


# Looking a member up costs as much as reading a time.
_EXPLICIT, _SECOND = OffsetSource.EXPLICIT, Precision.SECOND


class Offset(msgspec.Struct, frozen=True, gc=False):
    """``wrong_days`` by which the device's date is wrong, and the ``drift_seconds`` that remain of the difference."""

    minutes: int
    source: OffsetSource
    drift_seconds: int
    wrong_days: int


class Times(msgspec.Struct, frozen=True, gc=False):
    """Order and de-duplicate by ``system_time`` (aware, UTC by the device's clock); never by the display time.

    ``display_time``: naive, what the device showed; None where it did not tell.
    ``system_text`` and ``display_text``: as they came; "" where no display time did.
    """

    system_time: datetime
    display_time: datetime | None
    utc_offset_minutes: int
    offset_source: OffsetSource
    clock_drift_seconds: int
    wrong_days: int
    precision: Precision
    system_text: str
    display_text: str

    @property
    def local_time(self) -> datetime:
        """Naive: the patient's time of day. A receiver that was never told its zone shows Greenwich's."""
        if self.display_time is None or self.offset_source is OffsetSource.ASSUMED:
            return self.system_time.replace(tzinfo=None) + timedelta(minutes=self.utc_offset_minutes)
        return self.display_time

    @property
    def display_offset_seconds(self) -> int | None:
        """Display time minus system time, both read as UTC."""
        if self.display_time is None:
            return None
        return round((self.display_time - self.system_time.replace(tzinfo=None)).total_seconds())


class ReadTimes(msgspec.Struct, frozen=True, gc=False):
    times: Times
    flags: Flags = ()
    leniencies: Leniencies = ()


def read_times(system: object, display: object, context: Context) -> ReadTimes | Reason:
    if type(system) is str and type(display) is str and (usual := _usual_times(system, display, context.now)):
        return usual
    return _any_times(system, display, context)


def _usual_times(system: str, display: str, now: datetime) -> ReadTimes | None:
    """As phones write them, with nothing to tell; a tenth of the work."""
    if len(system) != 20 or system[19] != "Z" or not has_usual_shape(system):
        return None
    if len(display) != 25 or (minutes := USUAL_OFFSETS.get(display[19:])) is None or not has_usual_shape(display):
        return None
    try:
        instant = datetime.fromisoformat(system)
        is_one_instant = instant == datetime.fromisoformat(display)
        local = datetime.fromisoformat(display[:19])
    except ValueError:
        return None
    if not is_one_instant or instant > now or not LONG_AGO_YEAR <= instant.year <= LAST_YEAR:
        return None
    return ReadTimes(Times(instant, local, minutes, _EXPLICIT, 0, 0, _SECOND, system, display))


def _any_times(system: object, display: object, context: Context) -> ReadTimes | Reason:
    system_stamp = read_moment(system)
    if system_stamp is None:
        return Reason.TIME_UNREADABLE
    instant = system_stamp.instant
    if instant - context.now > FARTHEST_AHEAD:
        return Reason.TIME_TOO_FAR_AHEAD
    display_stamp = read_moment(display)
    offset, told = _offset(instant, display_stamp, context.zone)
    times = Times(
        instant,
        display_stamp.wall if display_stamp is not None else None,
        offset.minutes,
        offset.source,
        offset.drift_seconds,
        offset.wrong_days,
        system_stamp.precision,
        system_stamp.text,
        display_stamp.text if display_stamp is not None else "",
    )
    leniencies = system_stamp.leniencies + told
    if display_stamp is not None:
        leniencies += display_stamp.leniencies
    return ReadTimes(times, _flags(instant, offset, context.now), leniencies)


def read_instant(value: object) -> datetime | None:
    """A time that no display time goes with."""
    stamp = read_moment(value)
    return stamp.instant if stamp is not None else None


def derive_offset(difference_seconds: int) -> tuple[int, int, int]:
    """Minutes of offset, whole days of wrong date, and seconds of drift, that add up to display minus system time."""
    quarters = (difference_seconds + QUARTER // 2) // QUARTER
    drift = difference_seconds - quarters * QUARTER
    minutes, days = quarters * 15, 0
    if minutes > LARGEST_OFFSET:
        days = -((LARGEST_OFFSET - minutes) // (DAY // 60))
    elif minutes < SMALLEST_OFFSET:
        days = (minutes - SMALLEST_OFFSET) // (DAY // 60)
    return minutes - days * (DAY // 60), days, drift


def _offset(instant: datetime, display: Stamp | None, zone: tzinfo) -> tuple[Offset, Leniencies]:
    if display is None:
        return _assumed(instant, zone, 0), (Leniency.DISPLAY_TIME_UNREADABLE,)
    difference = round((display.wall - instant.replace(tzinfo=None)).total_seconds())
    minutes, days, drift = derive_offset(difference)
    explicit = display.offset_minutes
    # A receiver's wall time with a Z behind it is still a wall time.
    is_no_offset = minutes != 0 and display.is_zulu
    if explicit is not None and not is_no_offset:
        rest = difference - explicit * 60
        days = round(rest / DAY)
        return Offset(explicit, OffsetSource.EXPLICIT, rest - days * DAY, days), ()
    told: Leniencies = (Leniency.DISPLAY_ZULU_IS_NO_OFFSET,) if is_no_offset else ()
    if minutes == 0 and days == 0:
        # Greenwich, or a receiver that was never told its zone.
        return _assumed(instant, zone, drift), told
    return Offset(minutes, OffsetSource.DERIVED, drift, days), told


def _assumed(instant: datetime, zone: tzinfo, drift: int) -> Offset:
    offset = instant.astimezone(zone).utcoffset() or timedelta()
    return Offset(round(offset.total_seconds() / 60), OffsetSource.ASSUMED, drift, 0)


def _flags(instant: datetime, offset: Offset, now: datetime) -> Flags:
    ahead = instant - now > AHEAD_TOLERANCE
    if not ahead and not offset.wrong_days and instant.year >= LONG_AGO_YEAR:
        return ()
    told = {
        Flag.CLOCK_AHEAD: ahead,
        Flag.WRONG_DATE: offset.wrong_days != 0,
        Flag.LONG_AGO: instant.year < LONG_AGO_YEAR,
    }
    return tuple(flag for flag, is_so in told.items() if is_so)
