"""The six endpoints."""

from __future__ import annotations

import gzip
import random
import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dexcom_sync.sandbox.contents import Contents
from dexcom_sync.sandbox.errors import JsonResponse
from dexcom_sync.sandbox.faulting import after, instead
from dexcom_sync.sandbox.grants import Grant
from dexcom_sync.sandbox.identities import user_id
from dexcom_sync.sandbox.moments import MICRO, control_second, query_second
from dexcom_sync.sandbox.refusals import ControlRefused, Refusal
from dexcom_sync.sandbox.requests_log import Seen, masked, without_secrets
from dexcom_sync.sandbox.switches import Switches
from dexcom_sync.sandbox.users import User
from dexcom_sync.sandbox.views import View
from dexcom_sync.sandbox.world import World

DAY = 86_400
LONGEST_WINDOW = 30 * DAY
RECORD_TYPES = {"egvs": "egv", "events": "event", "calibrations": "calibration", "alerts": "alert"}
UNTRUE_AFTER = 100 * DAY


async def data(request: Request) -> Response:
    world: World = request.state.world
    began, now = time.perf_counter(), world.clock.now()
    endpoint = request.path_params["endpoint"]
    seen = world.log.begin(
        at=now, method=request.method, host=request.state.host, path=request.url.path, endpoint=endpoint
    )
    seen.query = without_secrets(dict(request.query_params))
    try:
        return await _faulty(request, world, seen, endpoint, now)
    finally:
        seen.took_ms = (time.perf_counter() - began) * 1000


async def _faulty(request: Request, world: World, seen: Seen, endpoint: str, now: float) -> Response:
    token = _bearer(request)
    grant = world.grants.by_access(token)
    seen.token = masked(token)
    if grant:
        seen.user, seen.client_id, seen.generation = grant.user, grant.client_id, grant.generation
    fault = world.faults.take(seen.facts())
    seen.fault = fault.kind if fault else None
    answer = await instead(fault)
    if answer is None:
        try:
            answer = _answer(request, world, seen, grant, token, endpoint, now)
        except Refusal as refusal:
            seen.error = refusal.code
            answer = world.errors.response(refusal)
        answer = await after(fault, answer)
    seen.status = answer.status_code
    return answer


def _answer(
    request: Request, world: World, seen: Seen, grant: Grant | None, token: str, endpoint: str, now: float
) -> Response:
    if grant is None or grant.host != request.state.host:
        raise Refusal(401, "invalid_token", "The access token is not known here.")
    world.budget.spend(grant.client_id, now, world.switches)
    _refuse_ended(grant, token, now)
    user = world.users.get(grant.user)
    if user is None:
        raise Refusal(404, "not_found", "There is no such user.")
    contents, view = user.contents(now), world.view(user, now)
    if endpoint == "dataRange":
        body = _data_range(contents, view, world.switches, request.query_params.get("lastSyncTime"))
        return _respond(request, world, user, grant, "dataRange", msgspec.json.encode(body)[1:-1])
    if endpoint == "devices":
        return _respond(
            request, world, user, grant, "device", b'"records":' + msgspec.json.encode(contents.devices_at(now))
        )
    first, before = _window(request, world.switches, now)
    window = contents.window(endpoint, first, before, view)
    records = _ordered(window.records(view), world.switches.order, f"{grant.user}{endpoint}{first}")
    # A fault that spoils the answer is not a record that was told.
    if seen.fault in (None, "delay"):
        window.mark_served()
    seen.records = len(records)
    plural = world.switches.record_type == "plural"
    record_type = endpoint if plural else RECORD_TYPES[endpoint]
    return _respond(request, world, user, grant, record_type, b'"records":[' + b",".join(records) + b"]")


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _refuse_ended(grant: Grant, token: str, now: float) -> None:
    if grant.revoked == "403":
        raise Refusal(403, "forbidden", "The user does not share data with this application.")
    if grant.revoked == "401_then_invalid_grant":
        raise Refusal(401, "invalid_token", "The access token was revoked.")
    if grant.access[token] <= now:
        raise Refusal(401, "invalid_token", "The access token has expired.")


def _window(request: Request, switches: Switches, now: float) -> tuple[int, int]:
    """First and end (exclusive) in microseconds."""
    bounds = []
    for name in ("startDate", "endDate"):
        text = request.query_params.get(name)
        second = query_second(text) if text else None
        if second is None:
            raise Refusal(400, "invalid_argument", f"{name} is required in the form YYYY-MM-DDTHH:MM:SS.")
        bounds.append(second)
    start, end = bounds
    if end <= start:
        raise Refusal(400, "invalid_argument", "endDate must lie behind startDate.")
    if end - start > LONGEST_WINDOW:
        raise Refusal(400, "invalid_argument", "At most 30 days can be asked for.")
    if end > now and switches.future_end == "reject":
        raise Refusal(400, "invalid_argument", "endDate lies in the future.")
    return start * MICRO, end * MICRO + (switches.bounds == "closed")


def _ordered(records: list[bytes], order: str, chance: str) -> list[bytes]:
    if order == "desc":
        return records[::-1]
    if order == "shuffled":
        random.Random(chance).shuffle(records)  # noqa: S311  the same order at each call
    return records


def _data_range(contents: Contents, view: View, switches: Switches, last_sync: str | None) -> dict[str, object]:
    limits = _since(last_sync, view, switches)
    if limits is None:
        return dict.fromkeys(("calibrations", "egvs", "events"))
    found = {name: contents.ends(name, view, **limits) for name in ("calibrations", "egvs", "events")}
    return {
        name: {
            end: {"systemTime": times[0], "displayTime": times[1]}
            for end, times in zip(("start", "end"), ends, strict=True)
        }
        if ends
        else None
        for name, ends in found.items()
    }


def _since(last_sync: str | None, view: View, switches: Switches) -> dict[str, float] | None:
    """What ``lastSyncTime`` leaves of the records; None for nothing at all, wrongly."""
    if last_sync is None:
        return {}
    if query_second(last_sync):
        last_sync += "Z"
    try:
        since = control_second(last_sync)
    except ControlRefused:
        raise Refusal(400, "invalid_argument", "lastSyncTime cannot be read.") from None
    if switches.last_sync == "correct":
        return {"uploaded_after": since - view.delay}
    if switches.last_sync == "buggy" and since < view.now - UNTRUE_AFTER:
        return None
    return {"newer_than": since}


def _respond(request: Request, world: World, user: User, grant: Grant, record_type: str, rest: bytes) -> Response:
    head = {"recordType": record_type, "recordVersion": "3.0", "userId": user_id(user.spec.name, grant.client_id)}
    body = msgspec.json.encode(head)[:-1] + b"," + rest + b"}"
    if world.switches.gzip == "on" and "gzip" in request.headers.get("accept-encoding", ""):
        return JsonResponse(gzip.compress(body, 1), headers={"Content-Encoding": "gzip"})
    return JsonResponse(body)
