"""Whether the data plane keeps anything of the posts that it has answered."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks.bench import Bench
from benchmarks.devices import BenchmarkDevice
from benchmarks.errors import BenchmarkError
from benchmarks.measurements.posts import DEVICE_SECONDS, counted_posts, fresh_devices
from benchmarks.processes import resident_mebibytes
from benchmarks.report import Figure, Target
from benchmarks.server import Server

CONNECTIONS = 64
PIECES = 10


def measure(bench: Bench) -> Figure:
    with bench.edge() as server:
        first = resident_mebibytes(server.pid)
        if not first:
            raise BenchmarkError("Memory is read from /proc, which this system does not have.")
        # Enough that nobody's turn comes again within the 30 s of a device.
        devices = fresh_devices(bench, server, CONNECTIONS, runs=DEVICE_SECONDS / bench.seconds)
        sizes = _sizes(bench, server, devices)
    return Figure(
        f"memory of the data plane after {bench.posts // PIECES:,} posts", "MB", sizes[0],
        f"after {bench.posts:,} posts", sizes[-1],
        {"MB at the start": round(first, 1), **{f"MB {10 * n} %": round(size, 1) for n, size in enumerate(sizes, 1)}},
        Target(must=0.95, aim=0.98),
    )  # fmt: skip


def _sizes(bench: Bench, server: Server, devices: Sequence[BenchmarkDevice]) -> list[float]:
    sizes: list[float] = []
    done, seconds = 0, 1
    while len(sizes) < PIECES:
        run = counted_posts(bench, server, devices, connections=CONNECTIONS, name="memory", seconds=seconds)
        # Those under way at the end may have posted as well.
        used = run.count + 2 * CONNECTIONS + 2
        devices = [*devices[used % len(devices) :], *devices[: used % len(devices)]]
        done += run.count
        left = bench.posts * (len(sizes) + 1) / PIECES - done
        if left <= 0:
            sizes.append(resident_mebibytes(server.pid))
            left = bench.posts / PIECES
            bench.say(f"  {done:,} posts, {sizes[-1]:.1f} MB")
        seconds = max(1, math.ceil(left / run.rate))
    return sizes
