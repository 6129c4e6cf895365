"""Every route that shows or changes a patient's data leaves one entry: who, what, whose, in which request."""

from __future__ import annotations

from glucose_platform.routes import ROUTES
from tenancy.api.routing import PUBLIC


def test_every_read_says_what_it_records_or_why_nothing() -> None:
    silent = [
        route.name
        for route in ROUTES
        if "GET" in route.access and route.access["GET"] != PUBLIC and bool(route.audited) == bool(route.unaudited)
    ]

    assert silent == []
