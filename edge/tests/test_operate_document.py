"""The lines for a proxy in docs/operate.md send to the data plane what is its own, and nothing else."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

from edge.routes import ROUTES as EDGE_ROUTES
from glucose_platform.routes import ROUTES
from tenancy.api.routing import Route

LINES = re.findall(
    r"location ~ (\S+) +{ proxy_pass http://edge; }", (settings.BASE_DIR / "docs" / "operate.md").read_text()
)
OTHERS = [route for route in ROUTES if route not in EDGE_ROUTES]


def is_sent_to_the_edge(route: Route) -> bool:
    return any(re.search(line, "/" + re.sub(r"{\w+}", "some_1", route.path)) for line in LINES)


@pytest.mark.parametrize("route", EDGE_ROUTES, ids=lambda route: route.name)
def test_its_own_are_sent_to_the_data_plane(route: Route) -> None:
    assert is_sent_to_the_edge(route)


def test_no_others_are() -> None:
    assert len(OTHERS) > 50
    assert [route.path for route in OTHERS if is_sent_to_the_edge(route)] == []
