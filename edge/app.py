"""The data plane: what devices send all the time and phones ask all the time, beside Django in one ASGI application.

Everything else, and every method that a route does not name, is Django's to answer.
"""

from __future__ import annotations

import asyncio
import gc
import re
import time
from collections.abc import Awaitable, Callable
from functools import cache, lru_cache
from typing import Any

import structlog
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from rest_framework.exceptions import PermissionDenied

from accounts.api.permissions import may_call
from accounts.principals import PersonPrincipal
from edge.answers import Answer, answer_to, send_answer
from edge.budgets import Budgets
from edge.callers import Callers, Principal
from edge.command_reports import CommandReports
from edge.commands import Commands
from edge.current import CurrentValues
from edge.database import Database
from edge.denials import Denials
from edge.device_logs import DeviceLogs
from edge.device_reads import DeviceReads
from edge.health import HAS_DATABASE, READINESS, get_health
from edge.heartbeats import Heartbeats
from edge.history import Histories
from edge.live.publishing import Publisher
from edge.live.routes import SOCKETS
from edge.live.service import Live
from edge.live.sse import EventStream
from edge.looks import Looks
from edge.pushing import Pushes
from edge.ranges import RangeReads
from edge.requests import Receive, Request, Scope, Send
from edge.routes import is_answered_here, matching
from edge.slots import Slots
from edge.valkey import valkey_client
from tenancy import metrics, tracing
from vitals.units import draw_all

Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Handler = Callable[[Request, Any], Awaitable[Answer | EventStream]]

log = structlog.get_logger(__name__)
# How long what was accepted may take to be committed and answered when the process is told to stop.
STOP_SECONDS = 20


class Edge:
    def __init__(self, database: Database, fallback: Application) -> None:
        self._database = database
        self._fallback = fallback
        self._valkey = valkey_client()
        self.budgets = Budgets()
        self._callers = Callers(database)
        looks = Looks(self._valkey)
        current = CurrentValues(database, looks)
        publisher = Publisher(self._valkey)
        slots = Slots(self._valkey)
        pushes = Pushes(database, slots, publisher)
        heartbeats, logs = Heartbeats(database), DeviceLogs(database, slots)
        commands, command_reports = Commands(database, publisher), CommandReports(database, publisher)
        ranges = RangeReads(database, looks)
        devices, histories = DeviceReads(ranges), Histories(ranges)
        self._denials = Denials(database)
        self._live = Live(database, self._callers, looks, self._denials, self._valkey)
        # In the order in which they are done with: the streams are told to go elsewhere first.
        self._parts: list[Any] = [
            self._live,
            self._callers,
            current,
            pushes,
            heartbeats,
            logs,
            commands,
            command_reports,
            publisher,
            ranges,
            self._denials,
        ]
        self._handlers: dict[tuple[str, str], Handler] = {
            ("health", "GET"): get_health,
            ("api-health", "GET"): get_health,
            ("glucose-current", "GET"): current.get,
            ("glucose-history", "GET"): histories.get,
            ("device-readings", "POST"): pushes.post,
            ("device-readings", "GET"): devices.list,
            ("device-latest", "GET"): devices.latest,
            ("device-stats", "GET"): devices.statistics,
            ("device-commands", "GET"): commands.get,
            ("device-command", "PUT"): command_reports.put,
            ("device-heartbeat", "POST"): heartbeats.post_heartbeat,
            ("device-status", "POST"): heartbeats.post_status,
            ("device-logs", "POST"): logs.post,
            ("stream", "GET"): self._live.stream,
            ("stream-ticket", "POST"): self._live.ticket,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live_as_long_as_the_server(receive, send)
        elif scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
        elif scope["type"] == "http" and (request := self._ours(scope, receive)):
            await self._serve(request, send)
        else:
            if scope["type"] == "http" and scope["path"] == READINESS:
                scope = {**scope, HAS_DATABASE: await self._has_database()}
            await self._fallback(scope, receive, send)

    async def start(self) -> None:
        draw_all()
        await self._database.open()
        self._live.start()

    async def stop(self) -> None:
        """Commit and answer what was accepted."""
        async with asyncio.timeout(STOP_SECONDS):
            for part in self._parts:
                await part.finish()
        await self._database.close()
        await self._valkey.aclose()

    async def _live_as_long_as_the_server(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.start()
        # What is loaded by now stays. The collector would walk through all of Django every few thousand requests, and
        # answer nobody for a quarter of a second.
        gc.collect()
        gc.freeze()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _has_database(self) -> bool:
        try:
            await self._database.look_up("SELECT 1", {})
        except Exception:  # noqa: BLE001  whatever is wrong, it is not ready, and the answer says so
            return False
        return True

    def _ours(self, scope: Scope, receive: Receive) -> Request | None:
        found = matching(scope["path"])
        if found is None:
            return None
        route, parameters = found
        if not is_answered_here(route, scope["method"]):
            return None
        request = Request(scope, receive, route, parameters)
        # Django refuses foreign host names and sends plain HTTP to HTTPS, for these paths too.
        return request if _is_for_us(request) else None

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A handshake is a GET; servers leave it out.
        scope = {**scope, "method": "GET"}
        socket = SOCKETS.get(scope["path"])
        request = Request(scope, receive, socket.route, {}) if socket else None
        if request is not None and _is_for_us(request):
            await self._live.serve(request, send, self.budgets)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4404})

    async def _serve(self, request: Request, send: Send) -> None:
        begun = time.perf_counter()
        principal: Principal | None = None
        answer: Answer | EventStream
        try:
            principal = None if request.is_public else await self._live.principal_of(request)
            answer = await self._answer(request, principal)
        except Exception as error:  # noqa: BLE001  answered, and logged where it is our fault
            answer = answer_to(error)
        if isinstance(answer, EventStream):
            # Timed until it begins: how long it goes on is the client's affair.
            _observe(request, principal, answer.status, time.perf_counter() - begun)
            await answer.send(send, request)
            return
        await send_answer(send, request, answer)
        _observe(request, principal, answer.status, time.perf_counter() - begun)
        await self._denials.note(request, principal, answer.status)

    async def _answer(self, request: Request, principal: Principal | None) -> Answer | EventStream:
        handler = self._handlers[request.route.name, request.method_of_route]
        if not request.is_public:
            self.budgets.spend(request, principal)
            if not may_call(request.route, request.method_of_route, principal, request.headers):
                raise PermissionDenied
        return await handler(request, principal)


def _is_for_us(request: Request) -> bool:
    if not _is_our_host(request.headers.get("host", ""), tuple(settings.ALLOWED_HOSTS)):
        return False
    return not settings.SECURE_SSL_REDIRECT or _is_secure(request) or _may_be_plain(request.route.path)


@lru_cache(maxsize=1000)
def _is_our_host(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def _may_be_plain(path: str) -> bool:
    return any(re.search(pattern, path) for pattern in settings.SECURE_REDIRECT_EXEMPT)


def _is_secure(request: Request) -> bool:
    told = request.headers.get("x-forwarded-proto", "") if settings.TRUST_PROXY else ""
    return (told or request.scope.get("scheme")) in ("https", "wss")


@cache
def _counters(method: str, route: str, status: int) -> tuple[Any, Any]:
    """A look-up by labels costs more than counting; methods and routes are few."""
    return metrics.REQUESTS.labels(method, route, status), metrics.REQUEST_SECONDS.labels(method, route)


def _observe(request: Request, principal: Principal | None, status: int, seconds: float) -> None:
    """Counted by route, never by path: paths name patients. A line of the log only for what was refused or failed."""
    route = request.route.django_path
    answered, took = _counters(request.method, route, status)
    answered.inc()
    took.observe(seconds)
    metrics.LAST_MINUTE.add()
    tracing.note_span(
        f"{request.method} {route}",
        seconds=seconds,
        attributes={"http.status": status, "request_id": request.id},
        parent=request.headers.get("traceparent", ""),
    )
    if status < 400:
        return
    who = {"user_id": str(principal.user_public_id)} if isinstance(principal, PersonPrincipal) else {}
    told: dict[str, Any] = {"code": status, "request_id": request.id, "ip": request.address, **who}
    log.warning("request_finished", request=f"{request.method} {route}", **told)
