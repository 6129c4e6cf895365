"""One clinic: any number of devices, each with a key, a patient and an assignment."""

from __future__ import annotations

from benchmarks.devices import BenchmarkDevice, insert_devices
from benchmarks.people import access_token
from tenancy.scope import Scope
from tenancy.services import create_organization

# Far above what the sequences give out, so that rows made through services never meet these.
FIRST_ID = 1_000_000


class BenchmarkClinic:
    def __init__(self) -> None:
        self.organization_id: int = create_organization(code="benchmark", name="Benchmark").id
        self._next_id = FIRST_ID

    @property
    def scope(self) -> Scope:
        return Scope(self.organization_id)

    def make_devices(self, count: int) -> list[BenchmarkDevice]:
        first = self._next_id
        self._next_id += count
        return insert_devices(range(first, first + count), [self.organization_id])

    def access_tokens(self, count: int) -> list[str]:
        """Of as many clinicians."""
        return [access_token(self.organization_id) for _ in range(count)]
