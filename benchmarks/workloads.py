"""What the load generator sends: a line for each request, by a script of wrk or by this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks import messages
from benchmarks.devices import BenchmarkDevice


@dataclass(frozen=True, slots=True)
class Workload:
    """``script``: the name of wrk's script that makes a request of a line, as ``request`` does here."""

    script: str
    lines: Sequence[str]
    status: int
    request: Callable[[str], bytes]

    def requests(self) -> Iterator[bytes]:
        """Without end: who may not send a line twice gives enough of them."""
        while True:
            yield from map(self.request, self.lines)

    def without_first(self) -> Workload:
        return replace(self, lines=self.lines[1:])


def posts(devices: Sequence[BenchmarkDevice]) -> Workload:
    lines = [f"{device.code} {device.patient_code} {device.key}" for device in devices]
    return Workload("post", lines, 201, _post)


def reads(asked: Sequence[tuple[str, str]]) -> Workload:
    """``asked``: path and token."""
    return Workload("get", [f"{path} {token}" for path, token in asked], 200, _get)


def _post(line: str) -> bytes:
    return messages.post_reading(*line.split())


def _get(line: str) -> bytes:
    return messages.get(*line.split())
