"""docs/source-systems.md names only tests and paths that there are."""

from __future__ import annotations

import re
from pathlib import Path

from edge.routes import ROUTES as EDGE_ROUTES
from glucose_platform.routes import ROUTES

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = (ROOT / "docs" / "source-systems.md").read_text()
SOCKETS = {"/ws/vitals", "/ws/live-data", "/ws/device-status", "/ws/alerts"}
ROWS = [
    line for line in DOCUMENT.splitlines() if line.startswith("| ") and not line.startswith(("| promise", "| there"))
]


def test_each_test_that_is_named_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", DOCUMENT)
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).exists()
        or not re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE)
    ]

    assert missing == []
    assert len(named) > 100


def test_each_path_that_is_named_is_a_route() -> None:
    known = {f"/{route.path}" for route in (*ROUTES, *EDGE_ROUTES)} | SOCKETS
    named = {path for row in ROWS for path in re.findall(r"`(/[^`\s]*)`", row)}

    assert named - known == set()
    assert len(named) > 80


def test_a_promise_without_a_test_has_a_reason() -> None:
    silent = [row for row in ROWS if row.endswith("| none |") and "left out" not in row and "open" not in row]

    assert silent == []
