"""Times as Dexcom's devices write them. Nothing is guessed silently: what is not as documented is told."""

from __future__ import annotations

import enum
import re
from datetime import UTC, datetime, timedelta

import msgspec

from dexcom_sync.records.outcomes import Leniencies, Leniency

FIRST_YEAR, LAST_YEAR = 1970, 2199
LONGEST_TEXT = 64
SMALLEST_OFFSET, LARGEST_OFFSET = -12 * 60, 14 * 60


class Precision(enum.StrEnum):
    FRACTION = "fraction"
    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"


class Stamp(msgspec.Struct, frozen=True, gc=False):
    """``wall``: naive, as written. ``offset_minutes``: as written, None where there is none."""

    text: str
    wall: datetime
    offset_minutes: int | None
    precision: Precision = Precision.SECOND
    leniencies: Leniencies = ()

    @property
    def is_zulu(self) -> bool:
        return self.offset_minutes == 0 and self.text.rstrip()[-1:] in {"Z", "z"}

    @property
    def instant(self) -> datetime:
        """Aware, in UTC; a time without an offset is read as UTC."""
        aware = self.wall.replace(tzinfo=UTC)
        return aware - timedelta(minutes=self.offset_minutes) if self.offset_minutes else aware


def _offset_text(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


# By what follows the seconds. Nearly all times end in one of these.
USUAL_OFFSETS: dict[str, int | None] = {
    "": None,
    "Z": 0,
    **{_offset_text(minutes): minutes for minutes in range(SMALLEST_OFFSET, LARGEST_OFFSET + 1, 15)},
}
_TIME = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
    r"(?P<between>[Tt]| +)(?P<hour>[0-9]{1,2})"
    r"(?::(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?)?"
    r"(?P<space> *)(?P<offset>[Zz]|[+-][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2})?)?)?"
)


def read_moment(text: object) -> Stamp | None:
    """None: this is no time."""
    if type(text) is not str:
        return None
    if len(text) in _USUAL_LENGTHS and has_usual_shape(text):
        offset = USUAL_OFFSETS.get(text[19:], LARGEST_OFFSET + 1)
        if offset is None or offset <= LARGEST_OFFSET:
            try:
                wall = datetime.fromisoformat(text[:19])
            except ValueError:
                return None
            return Stamp(text, wall, offset) if FIRST_YEAR <= wall.year <= LAST_YEAR else None
    return _read_any(text)


def has_usual_shape(text: str) -> bool:
    """Of the 19 characters that datetime.fromisoformat() then checks; alone it takes weeks of the year, too."""
    return text[10] == "T" and text[4] == text[7] == "-" and text[13] == text[16] == ":"


_USUAL_LENGTHS = frozenset({len("2025-03-09T14:05:11") + len(end) for end in USUAL_OFFSETS})


def _read_any(text: str) -> Stamp | None:
    """Every shape that was seen in the field; the other one is only faster."""
    stripped = text.strip(" ")
    if len(text) > LONGEST_TEXT or (found := _TIME.fullmatch(stripped)) is None:
        return None
    leniencies = _leniencies_of(found)
    try:
        wall = datetime(
            int(found["year"]),
            int(found["month"]),
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"] or 0),
            int(found["second"] or 0),
            int((found["fraction"] or "0")[:6].ljust(6, "0")),
            tzinfo=UTC,
        ).replace(tzinfo=None)
    except ValueError:
        return None
    if not FIRST_YEAR <= wall.year <= LAST_YEAR:
        return None
    offset = _read_offset(found["offset"])
    if offset is not None and not SMALLEST_OFFSET <= offset <= LARGEST_OFFSET:
        leniencies.append(Leniency.OFFSET_IMPOSSIBLE)
        offset = None
    if stripped != text and Leniency.TIME_WITH_SPACE not in leniencies:
        leniencies.append(Leniency.TIME_WITH_SPACE)
    return Stamp(text, wall, offset, _precision_of(found), tuple(leniencies))


def _read_offset(text: str | None) -> int | None:
    if text is None:
        return None
    if text in {"Z", "z"}:
        return 0
    digits = text[1:].replace(":", "").ljust(6, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:6])
    minutes = (seconds + 30) // 60
    return -minutes if text[0] == "-" else minutes


def _precision_of(found: re.Match[str]) -> Precision:
    if found["minute"] is None:
        return Precision.HOUR
    if found["second"] is None:
        return Precision.MINUTE
    return Precision.FRACTION if found["fraction"] else Precision.SECOND


def _leniencies_of(found: re.Match[str]) -> list[Leniency]:
    offset = found["offset"] or ""
    digits = len(offset.replace(":", "")) - 1
    told = {
        Leniency.TIME_WITHOUT_MINUTES: found["minute"] is None,
        Leniency.TIME_WITHOUT_SECONDS: found["minute"] is not None and found["second"] is None,
        Leniency.TIME_WITH_FRACTION: found["fraction"] is not None,
        Leniency.TIME_WITH_ONE_DIGIT_FIELDS: any(
            len(found[name] or "00") == 1 for name in ("month", "day", "hour", "minute", "second")
        ),
        Leniency.TIME_WITH_SPACE: " " in found["between"] or bool(found["space"]),
        Leniency.OFFSET_SHORTENED: digits == 2 or (digits == 4 and ":" not in offset),
        Leniency.OFFSET_WITH_SECONDS: digits == 6,
    }
    return [leniency for leniency, is_so in told.items() if is_so]
