"""What is visible at a moment, and how it is written, as the switches and the virtual clock say."""

from __future__ import annotations

from dataclasses import dataclass

from dexcom_sync.sandbox.identities import transmitter_id


@dataclass(frozen=True, slots=True)
class View:
    """``delay`` (s) holds back what apps upload; a receiver's records are there as soon as they are uploaded."""

    now: float
    delay: float
    zone: str
    numbers: bool

    def newest_upload(self, receiver: bool) -> float:
        return self.now if receiver else self.now - self.delay

    def suffix(self, second: int) -> str:
        """Of ``systemTime``; where both forms are mixed, each record keeps its own."""
        if self.zone == "mixed":
            return "Z" if second // 300 % 2 else ""
        return "Z" if self.zone == "Z" else ""


@dataclass(frozen=True, slots=True)
class Source:
    """A display device and the sensors or transmitters that it showed."""

    user: str
    key: str
    display_device: str
    display_app: str | None
    generation: str
    variant: str
    # Receivers know no zone, write naive times, and upload when somebody plugs them in.
    receiver: bool = False
    # Another device's key, where both listen to the same transmitters.
    transmitters_of: str = ""

    def transmitter(self, sensor: int) -> str:
        return transmitter_id(self.user, self.transmitters_of or self.key, sensor)


@dataclass(frozen=True, slots=True)
class Entry:
    """A record for the ledger. Times are seconds since 1970; ``instant`` is what its systemTime means."""

    record: bytes
    instant: float
    visible_at: float
    superseded_at: float | None
    served: bool
