"""Reads the members of one raw record, and notes what was odd about them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from dexcom_sync.records import enums
from dexcom_sync.records.digests import payload_digest
from dexcom_sync.records.outcomes import Context, Flag, Flags, Leniencies, Leniency, Quarantined, Reason, Resource
from dexcom_sync.records.times import Times, read_times

Record = TypeVar("Record")
SMALLEST_BIGINT, LARGEST_BIGINT = -(2**63), 2**63 - 1
_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,18}(\.[0-9]{1,18})?\s*", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")


class Refused(Exception):
    """Ends the reading of a record; never leaves this package."""

    def __init__(self, reason: Reason, field: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


class Source(msgspec.Struct, frozen=True, gc=False):
    """Which pairing of transmitter and display device a record came from; "" where the record does not say."""

    transmitter_id: str
    generation: str
    variant: str
    display_device: str
    display_app: str

    @property
    def is_receiver(self) -> bool:
        return enums.is_receiver(self.display_device)


class Provenance(msgspec.Struct, frozen=True, gc=False):
    """``extra``: members that nobody here knows. ``unknown_words``: members whose word is none that is known."""

    payload_digest: bytes
    flags: Flags
    leniencies: Leniencies
    unknown_words: tuple[str, ...]
    extra: dict[str, Any] | None

    @property
    def codes(self) -> list[str]:
        """All that was odd, as one list to store."""
        return [*self.flags, *self.leniencies, *(f"unknown_word:{name}" for name in self.unknown_words)]


class Fields:
    __slots__ = ("context", "flags", "leniencies", "raw", "resource", "unknown_words")

    def __init__(self, raw: dict[str, Any], resource: Resource, context: Context) -> None:
        self.raw = raw
        self.resource = resource
        self.context = context
        self.flags: list[Flag] = []
        self.leniencies: list[Leniency] = []
        self.unknown_words: list[str] = []

    def text(self, name: str, length: int = enums.WORD_LENGTH) -> str:
        """``""`` for null, for nothing, and for what is no text."""
        value = self.raw.get(name)
        if type(value) is not str:
            return self._text_of(value)
        if len(value) > length or not is_storable(value):
            raise Refused(Reason.TEXT_CANNOT_BE_STORED, name)
        return value

    def _text_of(self, value: object) -> str:
        if value is None:
            return ""
        if type(value) is int and SMALLEST_BIGINT <= value <= LARGEST_BIGINT:
            self.leniencies.append(Leniency.TEXT_FROM_NUMBER)
            return str(value)
        self.leniencies.append(Leniency.TEXT_UNREADABLE)
        return ""

    def word(self, name: str, known: frozenset[str]) -> str:
        value = self.raw.get(name)
        if value is None:
            return ""
        if type(value) is str and value in known:
            return value
        word = self.text(name)
        if word and word not in known:
            self.unknown_words.append(name)
        return word

    def source(self) -> Source:
        get = self.raw.get
        transmitter_id = get("transmitterId")
        generation = get("transmitterGeneration")
        variant = get("transmitterGenerationVariant")
        device = get("displayDevice")
        app = get("displayApp")
        if not (type(transmitter_id) is type(generation) is type(variant) is type(device) is type(app) is str):
            transmitter_id, generation, variant, device, app = (
                value if type(value := get(name)) is str else self._text_of(value) for name in _SOURCE_FIELDS
            )
        source, unknown_words = _source(transmitter_id, generation, variant, device, app)
        if unknown_words:
            self.unknown_words += unknown_words
        return source

    def integer(self, name: str) -> int | None:
        """None for null, for nothing, and for what is no number."""
        value = self.raw.get(name)
        if value is None or (type(value) is int and SMALLEST_BIGINT <= value <= LARGEST_BIGINT):
            return value
        number = self.number(name)
        if number is None:
            return None
        rounded = round(number)
        if rounded != number:
            self.leniencies.append(Leniency.NUMBER_ROUNDED)
        if SMALLEST_BIGINT <= rounded <= LARGEST_BIGINT:
            return rounded
        self.leniencies.append(Leniency.NUMBER_UNREADABLE)
        return None

    def number(self, name: str) -> float | None:
        value = self.raw.get(name)
        if value is None:
            return None
        if type(value) is float and math.isfinite(value):
            return value
        if type(value) is int and SMALLEST_BIGINT <= value <= LARGEST_BIGINT:
            return float(value)
        if type(value) is str and len(value) < 40 and _NUMBER.fullmatch(value):
            self.leniencies.append(Leniency.NUMBER_FROM_TEXT)
            return float(value)
        self.leniencies.append(Leniency.NUMBER_UNREADABLE)
        return None

    def boolean(self, name: str) -> bool | None:
        value = self.raw.get(name)
        if value is None or type(value) is bool:
            return value
        if type(value) is str and value.lower() in {"true", "false"}:
            self.leniencies.append(Leniency.ALIAS)
            return value.lower() == "true"
        self.leniencies.append(Leniency.FLAG_UNREADABLE)
        return None

    def times(self) -> Times:
        read = read_times(self.raw.get("systemTime"), self.raw.get("displayTime"), self.context)
        if isinstance(read, Reason):
            raise Refused(read, "systemTime")
        if read.flags:
            self.flags += read.flags
        if read.leniencies:
            self.leniencies += read.leniencies
        return read.times

    def record_id(self) -> str:
        """Derived where the record has none: the same for the same record, however often it is fetched."""
        value = self.raw.get("recordId")
        if type(value) is str and 0 < len(value) <= enums.ID_LENGTH and is_storable(value):
            return value
        if found := self.text("recordId", enums.ID_LENGTH):
            return found
        self.flags.append(Flag.ID_DERIVED)
        parts = [self.resource, *(self.raw.get(name) for name in _IDENTIFYING_FIELDS)]
        return f"derived-{payload_digest(parts).hex()}"

    def provenance(self, known: frozenset[str]) -> Provenance:
        raw = self.raw
        extra = None if known.issuperset(raw) else self._extra(raw.keys() - known)
        if not (self.flags or self.leniencies or self.unknown_words):
            return Provenance(payload_digest(raw), (), (), (), extra)
        return Provenance(
            payload_digest(raw), tuple(self.flags), tuple(self.leniencies), tuple(self.unknown_words), extra
        )

    def _extra(self, names: Iterable[str]) -> dict[str, Any] | None:
        """Through the encoder and back, which makes of it what a column of JSON can hold."""
        try:
            encoded = msgspec.json.encode({name: self.raw[name] for name in sorted(names)})
        except (OverflowError, RecursionError, TypeError, UnicodeError, ValueError, msgspec.MsgspecError):
            encoded = b"\\u0000"
        if b"\\u0000" in encoded:
            self.leniencies.append(Leniency.TEXT_UNREADABLE)
            return None
        extra: dict[str, Any] = msgspec.json.decode(encoded)
        return extra


def is_storable(text: str) -> bool:
    """PostgreSQL keeps neither NUL nor half a character."""
    return "\0" not in text and (text.isascii() or _SURROGATE.search(text) is None)


def read_record(
    resource: Resource, raw: object, context: Context, read: Callable[[Fields], Record]
) -> Record | Quarantined:
    if not isinstance(raw, dict):
        return Quarantined(resource, Reason.NOT_AN_OBJECT, "", payload_digest(raw))
    try:
        return read(Fields(raw, resource, context))
    except Refused as refused:
        return Quarantined(resource, refused.reason, refused.field, payload_digest(raw))


SOURCE_FIELDS = frozenset(
    {"transmitterId", "transmitterGeneration", "transmitterGenerationVariant", "displayDevice", "displayApp"}
)
TIME_FIELDS = frozenset({"recordId", "systemTime", "displayTime"})
_SOURCE_FIELDS = (
    "transmitterId",
    "transmitterGeneration",
    "transmitterGenerationVariant",
    "displayDevice",
    "displayApp",
)
_SOURCE_WORDS = (None, enums.GENERATIONS, enums.VARIANTS, enums.DISPLAY_DEVICES, enums.DISPLAY_APPS)
_IDENTIFYING_FIELDS = ("systemTime", "displayDevice", "transmitterId", "transmitterTicks", "value")


@lru_cache(maxsize=4096)
def _source(*texts: str) -> tuple[Source, tuple[str, ...]]:
    """Kept: nearly all records of a patient come from one source."""
    unknown = []
    for name, known, text in zip(_SOURCE_FIELDS, _SOURCE_WORDS, texts, strict=True):
        if len(text) > (enums.ID_LENGTH if known is None else enums.WORD_LENGTH) or not is_storable(text):
            raise Refused(Reason.TEXT_CANNOT_BE_STORED, name)
        if text and known is not None and text not in known:
            unknown.append(name)
    return Source(*texts), tuple(unknown)
