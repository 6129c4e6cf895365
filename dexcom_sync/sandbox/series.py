"""Long runs of readings as columns, 30 bytes each, written as JSON when somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from dexcom_sync.sandbox.identities import record_ids
from dexcom_sync.sandbox.moments import MICRO, offset_text
from dexcom_sync.sandbox.views import Entry, Source, View

NO_RATE = -128
NO_VALUE = -1
NEVER = np.iinfo(np.int64).max
TREND_STEPS = (
    (30, "doubleUp"), (20, "singleUp"), (10, "fortyFiveUp"), (-9, "flat"), (-19, "fortyFiveDown"), (-29, "singleDown"),
)  # fmt: skip
Positions = NDArray[np.int64]


def trend_of(tenths: int) -> str:
    """Of a rate in tenths of mg/dL/min."""
    if tenths == NO_RATE or abs(tenths) > 80:
        return "notComputable" if tenths == NO_RATE else "rateOutOfRange"
    return next((name for least, name in TREND_STEPS if tenths >= least), "doubleDown")


TRENDS = {tenths: trend_of(tenths) for tenths in range(-128, 128)}
RATES = {tenths: "null" if tenths == NO_RATE else str(tenths / 10) for tenths in range(-128, 128)}
STATUS = {39: '"low"', 401: '"high"'}


@dataclass(frozen=True, slots=True)
class Columns:
    """``uploaded`` is true time; ``seconds`` is the clock of the device, and ``offsets`` what it adds for its zone.

    ``rates`` are tenths of mg/dL/min, ``sensors`` number the transmitters of the source.
    """

    seconds: NDArray[np.int64]
    uploaded: NDArray[np.int64]
    values: NDArray[np.int16]
    rates: NDArray[np.int8]
    ticks: NDArray[np.int64]
    offsets: NDArray[np.int32]
    sensors: NDArray[np.int32]

    def ordered(self) -> Columns:
        order = np.argsort(self.seconds, kind="stable")
        return Columns(*(getattr(self, name)[order] for name in self.__slots__))


class Series:
    def __init__(self, source: Source, columns: Columns) -> None:
        self.source = source
        self._columns = columns.ordered()
        size = self._columns.seconds.size
        self._served = np.zeros(size, dtype=np.bool_)
        self._retired = np.full(size, NEVER, dtype=np.int64)
        self._transmitters = {
            int(sensor): source.transmitter(int(sensor)) for sensor in np.unique(self._columns.sensors)
        }

    def window(self, first: int, before: int, view: View) -> Positions:
        """Positions of the visible readings from ``first`` on and before ``before``, both in seconds."""
        low, high = np.searchsorted(self._columns.seconds, (first, before))
        positions: Positions = low + np.flatnonzero(self._visible(slice(low, high), view))
        return positions

    def ends(self, view: View, *, uploaded_after: float = 0, newer_than: float = 0) -> tuple[int, int] | None:
        """Positions of the first and last visible reading."""
        seen = self._visible(slice(None), view)
        if uploaded_after or newer_than:
            seen &= (self._columns.uploaded > uploaded_after) & (self._columns.seconds > newer_than)
        if not seen.any():
            return None
        return int(seen.argmax()), int(seen.size - 1 - seen[::-1].argmax())

    def instant(self, position: int) -> int:
        """Microseconds since 1970 by the device's clock."""
        return int(self._columns.seconds[position]) * MICRO

    def instants(self, positions: Positions) -> list[int]:
        found: list[int] = (self._columns.seconds[positions] * MICRO).tolist()
        return found

    def times(self, position: int, view: View) -> tuple[str, str]:
        record = msgspec.json.decode(self.encoded(np.array([position]), view)[0])
        return record["systemTime"], record["displayTime"]

    def last_upload(self, sensor: int, now: float) -> float | None:
        uploads = self._columns.uploaded[(self._columns.sensors == sensor) & (self._columns.uploaded <= now)]
        return float(uploads.max()) if uploads.size else None

    def first_upload(self, sensor: int) -> float:
        """Infinity where the sensor has no reading here."""
        uploads = self._columns.uploaded[self._columns.sensors == sensor]
        return float(uploads.min()) if uploads.size else float("inf")

    def sensors(self) -> list[int]:
        return list(self._transmitters)

    def mark_served(self, positions: Positions) -> None:
        self._served[positions] = True

    def retire(self, record_id: str, uploaded: float) -> bool:
        """Give way to a later version of the same record. False where the record is not one of these."""
        for start in range(0, self._columns.seconds.size, 10_000):
            positions = np.arange(start, min(start + 10_000, self._columns.seconds.size))
            ids = self._ids(positions)
            if record_id in ids:
                self._retired[start + ids.index(record_id)] = int(uploaded)
                return True
        return False

    def ledger(self, view: View, positions: Positions) -> Iterator[Entry]:
        """Of the visible and of those that were visible before they gave way."""
        delay = 0.0 if self.source.receiver else view.delay
        for record, position in zip(self.encoded(positions, view), positions.tolist(), strict=True):
            retired = int(self._retired[position])
            yield Entry(
                record=record,
                instant=float(self._columns.seconds[position]),
                visible_at=float(self._columns.uploaded[position]) + delay,
                superseded_at=None if retired > view.newest_upload(self.source.receiver) else retired + delay,
                served=bool(self._served[position]),
            )

    def ever_visible(self, first: int, before: int, view: View) -> Positions:
        low, high = np.searchsorted(self._columns.seconds, (first, before))
        newest = view.newest_upload(self.source.receiver)
        positions: Positions = low + np.flatnonzero(self._columns.uploaded[low:high] <= newest)
        return positions

    def encoded(self, positions: Positions, view: View) -> list[bytes]:
        columns, source = self._columns, self.source
        seconds = columns.seconds[positions]
        offsets = columns.offsets[positions]
        end = self._end_of_record()
        rows = zip(
            self._ids(positions), seconds.tolist(), _texts(seconds), _texts(seconds + offsets), offsets.tolist(),
            columns.sensors[positions].tolist(), columns.ticks[positions].tolist(), columns.values[positions].tolist(),
            columns.rates[positions].tolist(), strict=True,
        )  # fmt: skip
        naive, suffix, transmitters = source.receiver, view.suffix, self._transmitters
        return [
            (
                f'{{"recordId":"{record}","systemTime":"{system}{"" if naive else suffix(second)}",'
                f'"displayTime":"{local}{"" if naive else offset_text(offset)}",'
                f'"transmitterId":"{transmitters[sensor]}","transmitterTicks":{tick},'
                f'"value":{"null" if value == NO_VALUE else value},"trend":"{TRENDS[rate]}","trendRate":{RATES[rate]},'
                f'"status":{STATUS.get(value, "null")}{end}'
            ).encode()
            for record, second, system, local, offset, sensor, tick, value, rate in rows
        ]  # fmt: skip

    def _end_of_record(self) -> str:
        source = self.source
        constant = {
            "unit": "mg/dL", "rateUnit": "mg/dL/min", "displayDevice": source.display_device,
            "displayApp": source.display_app, "transmitterGeneration": source.generation,
            "transmitterGenerationVariant": source.variant,
        }  # fmt: skip
        return "," + msgspec.json.encode(constant).decode()[1:]

    def _ids(self, positions: Positions) -> list[str]:
        sensors, ticks = self._columns.sensors[positions].tolist(), self._columns.ticks[positions].tolist()
        names = [f"{sensor}/{tick}" for sensor, tick in zip(sensors, ticks, strict=True)]
        return record_ids(f"{self.source.user}/{self.source.key}/", names)

    def _visible(self, part: slice, view: View) -> NDArray[np.bool_]:
        newest = view.newest_upload(self.source.receiver)
        return (self._columns.uploaded[part] <= newest) & (self._retired[part] > newest)


def _texts(seconds: NDArray[np.int64]) -> list[str]:
    texts: list[str] = np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()
    return texts
