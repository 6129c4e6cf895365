"""The ASGI application."""

from __future__ import annotations

import os
import sys
import traceback
from email.utils import formatdate

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from dexcom_sync.sandbox import control
from dexcom_sync.sandbox.data import data
from dexcom_sync.sandbox.errors import JsonResponse
from dexcom_sync.sandbox.faulting import Cut
from dexcom_sync.sandbox.faults import DATA_ENDPOINTS
from dexcom_sync.sandbox.login import login
from dexcom_sync.sandbox.refusals import Refusal
from dexcom_sync.sandbox.serving import START_VARIABLE, refuse_production
from dexcom_sync.sandbox.token_calls import token
from dexcom_sync.sandbox.world import Start, World

REGIONAL = ("us", "eu", "jp")


class Sandbox:
    """Finds the host that is meant, and lets every answer tell the virtual time."""

    def __init__(self, start: Start) -> None:
        self.world = World(start)
        self._routes = Starlette(
            routes=[
                *(Route(f"/v{version}/oauth2/login", login, methods=["GET", "POST"]) for version in (2, 3)),
                *(Route(f"/v{version}/oauth2/token", token, methods=["POST"]) for version in (2, 3)),
                Route("/v3/users/self/{endpoint}", _data_or_nothing, methods=["GET"]),
                Route("/health", _health),
                *control.ROUTES,
            ],
            exception_handlers={HTTPException: _not_here},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._routes(scope, receive, send)
            return
        first, _, rest = scope["path"][1:].partition("/")
        host, path = (first, f"/{rest}") if first in REGIONAL else ("sandbox", scope["path"])
        state = {"world": self.world, "host": host}
        try:
            await self._routes({**scope, "path": path, "state": state}, receive, self._dated(send))
        except Cut:
            raise
        except Exception:
            # The server's own log is off, because a cut connection is an exception there.
            traceback.print_exc(file=sys.stderr)
            raise

    def _dated(self, send: Send) -> Send:
        async def with_date(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self.world.clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", []), (b"date", date)]}
            await send(message)

        return with_date


async def _data_or_nothing(request: Request) -> Response:
    if request.path_params["endpoint"] not in DATA_ENDPOINTS:
        raise HTTPException(404)
    return await data(request)


async def _health(request: Request) -> Response:
    return JsonResponse({"status": "ok"})


async def _not_here(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    world: World = request.state.world
    seen = world.log.begin(
        at=world.clock.now(), method=request.method, host=request.state.host, path=request.url.path, endpoint="unknown"
    )
    seen.status = status
    return world.errors.response(Refusal(status, "not_found", "There is nothing here."))


def from_environment() -> Sandbox:
    """What granian calls in its worker."""
    refuse_production()
    return Sandbox(msgspec.json.decode(os.environ[START_VARIABLE], type=Start))
