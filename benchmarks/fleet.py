"""The devices and the staff of many clinics, as a data plane serves them at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import cycle

from benchmarks.devices import BenchmarkDevice, insert_devices
from benchmarks.errors import BenchmarkError
from benchmarks.people import access_token
from tenancy.services import create_organization

CLINICS = 20
# Divisible by the number of clinics: a device's clinic follows from its id, in pgbench too.
FIRST_ID = 100_000_000
SINCE_FIRST_READING = timedelta(minutes=5)


class Fleet:
    def __init__(self) -> None:
        numbers = range(1, CLINICS + 1)
        self.organization_ids = [create_organization(code=f"fleet-{n}", name=f"Fleet {n}").id for n in numbers]
        if self.organization_ids != list(range(self.first_organization, self.first_organization + CLINICS)):
            raise BenchmarkError("The clinics' numbers have gaps: is something else making clinics?")
        self._next_id = FIRST_ID

    @property
    def first_organization(self) -> int:
        return self.organization_ids[0]

    def make_devices(self, count: int) -> list[BenchmarkDevice]:
        """Of patients who were measured five minutes ago."""
        whole = -(-count // CLINICS) * CLINICS
        first = self._next_id
        self._next_id += whole
        measured = datetime.now(UTC) - SINCE_FIRST_READING
        return insert_devices(range(first, first + whole), self.organization_ids, first_reading=measured)

    def access_tokens(self, count: int) -> list[tuple[int, str]]:
        """Each with its clinic."""
        clinics = [clinic for clinic, _ in zip(cycle(self.organization_ids), range(count), strict=False)]
        return [(clinic, access_token(clinic)) for clinic in clinics]
