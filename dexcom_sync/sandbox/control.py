"""The calls under ``/_sim``, for tests and for trying things out. docs/dexcom-sandbox.md lists them."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dexcom_sync.sandbox.clock import instant_text
from dexcom_sync.sandbox.contents import LATEST, RESOURCES
from dexcom_sync.sandbox.errors import JsonResponse
from dexcom_sync.sandbox.injection import inject
from dexcom_sync.sandbox.moments import control_second
from dexcom_sync.sandbox.refusals import ControlRefused
from dexcom_sync.sandbox.switches import CHOICES
from dexcom_sync.sandbox.token_calls import token_pair
from dexcom_sync.sandbox.views import Entry
from dexcom_sync.sandbox.world import App, World

Handler = Callable[[Request, World, Any], Awaitable[object]]
LOG_FILTERS = ("endpoint", "user", "client_id", "grant_type", "host", "status")


def guarded(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Only with ``--control``, and only for programs on the same machine; for others there is nothing here."""

    async def call(request: Request) -> Response:
        world: World = request.state.world
        if not world.start.control or not _from_here(request):
            return JsonResponse({"message": "Not found"}, 404)
        try:
            body = await request.body()
            answer = await handler(request, world, msgspec.json.decode(body) if body else {})
        except (ControlRefused, msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
            return JsonResponse({"detail": f"{type(error).__name__}: {error}"}, 422)
        return answer if isinstance(answer, Response) else JsonResponse(answer)

    return call


def _from_here(request: Request) -> bool:
    # Pages of other sites cannot leave the Origin out.
    if request.client is None or "origin" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


async def reset(request: Request, world: World, body: Any) -> object:
    world.reset(body)
    return _clock(world)


async def clock(request: Request, world: World, body: Any) -> object:
    if body:
        if unknown := set(body) - {"now", "advance_s", "rate"}:
            raise ControlRefused(f"The clock takes now, advance_s and rate, not {', '.join(sorted(unknown))}.")
        now = control_second(body["now"]) if "now" in body else None
        world.clock.change(now=now, advance=float(body.get("advance_s", 0)), rate=body.get("rate"))
    return _clock(world)


def _clock(world: World) -> dict[str, object]:
    return {"now": instant_text(world.clock.now()), "rate": world.clock.rate}


async def users(request: Request, world: World, body: Any) -> object:
    if request.method == "POST":
        made = world.users.put(body)
        return {"users": [user.spec.name for user in made]}
    return {"users": [user.spec.name for user in world.users]}


async def user(request: Request, world: World, body: Any) -> object:
    found = world.users.needed(request.path_params["user"])
    return found.as_dict(world.clock.now(), _client_id(request, world))


async def records(request: Request, world: World, body: Any) -> object:
    now = world.clock.now()
    contents = world.users.needed(request.path_params["user"]).contents(now)
    return {"injected": inject(contents, body, now)}


async def revoke(request: Request, world: World, body: Any) -> object:
    variant = body.get("variant", world.switches.revoke_as)
    if variant not in CHOICES["revoke_as"]:
        raise ControlRefused(f"variant is one of {', '.join(CHOICES['revoke_as'])}.")
    grants = world.grants.of(world.users.needed(request.path_params["user"]).spec.name)
    for grant in grants:
        grant.revoked = variant
    return {"revoked": len(grants)}


async def password_change(request: Request, world: World, body: Any) -> object:
    grants = world.grants.of(world.users.needed(request.path_params["user"]).spec.name)
    for grant in grants:
        grant.dead = "The password was changed."
    return {"ended": len(grants)}


async def connect(request: Request, world: World, body: Any) -> object:
    """A consent without the pages and without a code."""
    name = world.users.needed(request.path_params["user"]).spec.name
    client_id, host = body.get("client_id", _client_id(request, world)), body.get("host", "sandbox")
    if client_id not in world.apps:
        raise ControlRefused(f"There is no client {client_id!r}.")
    grant = world.grants.open(user=name, client_id=client_id, host=host, now=world.clock.now(), switches=world.switches)
    return token_pair(grant, world.switches.access_ttl_s)


async def expire_access(request: Request, world: World, body: Any) -> object:
    grants = world.grants.of(world.users.needed(request.path_params["user"]).spec.name)
    for grant in grants:
        world.grants.expire_access(grant)
    return {"expired": len(grants)}


async def faults(request: Request, world: World, body: Any) -> object:
    if request.method == "DELETE":
        world.faults.queue.clear()
    if request.method == "POST":
        for described in body if isinstance(body, list) else [body]:
            world.faults.add(described)
    return {"faults": [fault.as_dict() for fault in world.faults.queue]}


async def config(request: Request, world: World, body: Any) -> object:
    world.switches = world.switches.changed(body)
    return world.switches.as_dict()


async def clients(request: Request, world: World, body: Any) -> object:
    """Register an app, or return addresses of one; a new secret ends the old one at once."""
    client_id = body.get("client_id", _client_id(request, world))
    known = world.apps.get(client_id)
    secret = body.get("client_secret") or (known.client_secret if known else "")
    if not secret:
        raise ControlRefused("A new client needs a client_secret.")
    uris = tuple(str(uri) for uri in body.get("redirect_uris", ()))
    world.register(App(client_id, str(secret), uris))
    return {"client_id": client_id, "redirect_uris": world.apps[client_id].redirect_uris}


async def log(request: Request, world: World, body: Any) -> object:
    wanted = {name: request.query_params[name] for name in LOG_FILTERS if name in request.query_params}
    since = int(request.query_params.get("since", 0))
    return {"requests": [seen.as_dict() for seen in world.log.since(since, wanted)]}


async def tokens(request: Request, world: World, body: Any) -> object:
    now = world.clock.now()
    grants = [grant.as_dict(now) for grant in world.grants.of(request.path_params["user"])]
    totals = {name: sum(grant[name] for grant in grants) for name in ("refreshes", "reuse_attempts")}  # type: ignore[misc]
    return {**totals, "generation": grants[-1]["generation"] if grants else 0, "grants": grants}


async def ledger(request: Request, world: World, body: Any) -> Response:
    """As JSON lines: two years of readings need not fit into one answer."""
    found = world.users.needed(request.path_params["user"])
    query = request.query_params
    resource = query.get("resource", "egvs")
    if resource not in RESOURCES:
        raise ControlRefused(f"resource is one of {', '.join(RESOURCES)}.")
    at = LATEST if query.get("visible") == "0" else world.clock.latest()
    contents, view = found.contents(world.clock.now()), world.view(found, at)
    limits = {
        name: int(control_second(query[key])) for name, key in (("first", "since"), ("before", "until")) if key in query
    }
    entries = contents.ledger(resource, view, **limits)
    return StreamingResponse(_lines(entries), media_type="application/x-ndjson")


async def _lines(entries: Any) -> AsyncIterator[bytes]:
    pending: list[bytes] = []
    for entry in entries:
        pending.append(_line(entry))
        if len(pending) == 1_000:
            yield b"".join(pending)
            pending = []
    yield b"".join(pending)


def _line(entry: Entry) -> bytes:
    facts = {
        "instant": instant_text(entry.instant), "visibleAt": instant_text(entry.visible_at),
        "supersededAt": instant_text(entry.superseded_at) if entry.superseded_at is not None else None,
        "current": entry.superseded_at is None, "served": entry.served, "record": msgspec.Raw(entry.record),
    }  # fmt: skip
    return msgspec.json.encode(facts) + b"\n"


async def usage(request: Request, world: World, body: Any) -> object:
    client_id, now = _client_id(request, world), world.clock.now()
    return {"client_id": client_id, "used": world.budget.used(client_id, now), "limit": world.switches.rate_per_hour}


def _client_id(request: Request, world: World) -> str:
    return request.query_params.get("client_id") or next(iter(world.apps))


ROUTES = [
    Route("/_sim/reset", guarded(reset), methods=["POST"]),
    Route("/_sim/clock", guarded(clock), methods=["GET", "POST"]),
    Route("/_sim/users", guarded(users), methods=["GET", "POST"]),
    Route("/_sim/users/{user}", guarded(user), methods=["GET"]),
    Route("/_sim/users/{user}/records", guarded(records), methods=["POST"]),
    Route("/_sim/users/{user}/revoke", guarded(revoke), methods=["POST"]),
    Route("/_sim/users/{user}/password-change", guarded(password_change), methods=["POST"]),
    Route("/_sim/users/{user}/connect", guarded(connect), methods=["POST"]),
    Route("/_sim/users/{user}/expire-access", guarded(expire_access), methods=["POST"]),
    Route("/_sim/users/{user}/ledger", guarded(ledger), methods=["GET"]),
    Route("/_sim/tokens/{user}", guarded(tokens), methods=["GET"]),
    Route("/_sim/clients", guarded(clients), methods=["POST"]),
    Route("/_sim/faults", guarded(faults), methods=["GET", "POST", "DELETE"]),
    Route("/_sim/config", guarded(config), methods=["GET", "POST"]),
    Route("/_sim/log", guarded(log), methods=["GET"]),
    Route("/_sim/usage", guarded(usage), methods=["GET"]),
]
