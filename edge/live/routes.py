from __future__ import annotations

from typing import NamedTuple

from edge.live.documents import StreamView, TicketView
from edge.live.opening import LIVE
from edge.live.topics import ALERTS, COMMANDS, DEVICE_STATUS, RIGHTS, VITALS
from tenancy.api.routing import DEVICE, SIGNED_IN, Route

STREAM, TICKET = "stream", "stream-ticket"
ANY_TOPIC = "|".join(sorted(set(RIGHTS.values())))

LIVE_ROUTES = [
    Route("api/v1/stream", StreamView, STREAM, {"GET": f"{ANY_TOPIC}|{DEVICE}"}, audited=LIVE, refusals=(503,)),
    Route("api/v1/stream/ticket", TicketView, TICKET, {"POST": SIGNED_IN}, refusals=(503,)),
]


class Socket(NamedTuple):
    """``topics`` empty: all that the person may see."""

    route: Route
    topics: tuple[str, ...]


def _socket(name: str, *topics: str) -> Socket:
    right = RIGHTS[topics[0]] if topics else ANY_TOPIC
    if topics == (COMMANDS,):
        right = f"{right}|{DEVICE}"
    return Socket(Route(f"ws/{name}", StreamView, f"ws-{name}", {"GET": right}, audited=LIVE), topics)


SOCKETS = {
    f"/{socket.route.path}": socket
    for socket in (
        _socket("vitals", VITALS),
        _socket("live-data"),
        _socket("device-status", DEVICE_STATUS),
        _socket("alerts", ALERTS),
        _socket("commands", COMMANDS),
    )
}
