"""Each list of who answers what is held against the data plane's own routes."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import hcl2
import pytest

from edge.live.routes import SOCKETS
from edge.routes import ROUTES
from tests.deployment.files import DEPLOY, PROJECT

EDGES = ["/" + re.sub(r"{\w+}", "ARGUS_1", route.path) for route in ROUTES] + list(SOCKETS)
WEBS = (
    "/", "/admin/", "/healthy", "/livez", "/readyz", "/api/v1/devices", "/api/v1/devices/ARGUS_1",
    "/api/v1/devices/ARGUS_1/settings", "/api/v1/devices/ARGUS_1/keys/1/rotate", "/api/v1/users/U/readings",
    "/api/v1/patients/P/history", "/api/v1/health/metrics", "/api/v1/health-scores", "/api/v1/streams",
)  # fmt: skip


def nginx() -> Callable[[str], bool]:
    patterns = re.findall(r"location ~ (\S+)\s+{ proxy_pass http://edge", (PROJECT / "docs" / "operate.md").read_text())
    return lambda path: any(re.search(pattern, path) for pattern in patterns)


def caddy() -> Callable[[str], bool]:
    text = (DEPLOY / "proxy" / "routes.caddy").read_text()
    found = re.search(r"@edge path ((?:.*\\\n)*.*)", text)
    assert found is not None
    patterns = found[1].replace("\\\n", " ").split()

    def matches(path: str) -> bool:
        # As Caddy does: one * at the end is any rest, and beside that a * is one segment.
        return any(
            path.startswith(pattern[:-1])
            if pattern.find("*") == len(pattern) - 1
            else re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]*"), path)
            for pattern in patterns
        )

    return matches


def load_balancer() -> Callable[[str], bool]:
    parsed: Any = hcl2.loads((DEPLOY / "terraform" / "aws" / "routing.tf").read_text())
    (paths,) = (local["edge_paths"] for local in parsed["locals"])
    # A listener's rule takes five values, one of which is not a path.
    assert all(len(group) <= 5 for group in paths)
    patterns = [pattern.strip('"') for group in paths for pattern in group]
    return lambda path: any(fnmatchcase(path, pattern) for pattern in patterns)


@pytest.mark.parametrize("place", [nginx, caddy, load_balancer])
def test_the_list_sends_the_data_planes_paths_there_and_no_others(place: Callable[[], Callable[[str], bool]]) -> None:
    goes_to_edge = place()
    assert [path for path in EDGES if not goes_to_edge(path)] == []
    assert [path for path in WEBS if goes_to_edge(path)] == []
