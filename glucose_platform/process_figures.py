"""What a process tells of itself to people without a Prometheus."""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from glucose_platform.figures import pool_stats
from tenancy.metrics import LAST_MINUTE

_MEMORY = Path("/proc/self/statm")
_begun = time.monotonic()


def process_figures() -> dict[str, Any]:
    uptime = time.monotonic() - _begun
    used = os.times()
    stats = pool_stats()
    return {
        "uptime": round(uptime),
        "memory_usage": round(_memory() / 1_000_000, 1),
        "cpu_usage": round(100 * (used.user + used.system) / max(uptime, 1), 1),
        "active_connections": stats.get("pool_size", 0) - stats.get("pool_available", 0),
        "requests_per_minute": LAST_MINUTE.number(),
    }


def _memory() -> int:
    """In bytes; the most that it ever held, where the system does not tell what it holds now."""
    if _MEMORY.exists():
        return int(_MEMORY.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
