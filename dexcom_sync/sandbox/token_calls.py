"""The token endpoint: codes and refresh tokens in, a new pair of tokens out."""

from __future__ import annotations

import secrets
import time
import uuid

from starlette.requests import Request
from starlette.responses import Response

from dexcom_sync.sandbox.errors import JsonResponse, token_error
from dexcom_sync.sandbox.faulting import after, instead
from dexcom_sync.sandbox.grants import Grant
from dexcom_sync.sandbox.login import form_of
from dexcom_sync.sandbox.refusals import Refusal
from dexcom_sync.sandbox.requests_log import Seen, masked, without_secrets
from dexcom_sync.sandbox.world import App, World

FORM = "application/x-www-form-urlencoded"
MAX_USERS = {"errors": [{"code": "max_user_count", "title": "The maximum user count of this application is reached."}]}


async def token(request: Request) -> Response:
    world: World = request.state.world
    began = time.perf_counter()
    seen = world.log.begin(
        at=world.clock.now(), method=request.method, host=request.state.host, path=request.url.path, endpoint="token"
    )
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM
    form = await form_of(request) if is_form else {}
    seen.form, seen.client_id, seen.grant_type = without_secrets(form), form.get("client_id"), form.get("grant_type")
    _name_the_user(world, seen, form)
    fault = world.faults.take(seen.facts())
    seen.fault = fault.kind if fault else None
    answer = await instead(fault)
    if answer is None:
        answer = await after(fault, _answer(request, world, seen, form, is_form=is_form))
    seen.status, seen.took_ms = answer.status_code, (time.perf_counter() - began) * 1000
    return answer


def _name_the_user(world: World, seen: Seen, form: dict[str, str]) -> None:
    if grant := world.grants.by_refresh(form.get("refresh_token", "")):
        seen.user, seen.generation = grant.user, grant.generation
    else:
        seen.user = world.grants.owner_of_code(form.get("code", ""))
    seen.token = masked(form.get("refresh_token", ""))


def _answer(request: Request, world: World, seen: Seen, form: dict[str, str], *, is_form: bool) -> Response:
    try:
        app = _app(request, world, form, is_form=is_form)
        if world.switches.rate_counts_tokens == "on":
            world.budget.spend(app.client_id, seen.at, world.switches)
        grant = _grant(world, app, request.state.host, form)
    except Refusal as refusal:
        seen.error = refusal.code
        if refusal.code == "max_user_count":
            return JsonResponse(MAX_USERS, 400)
        return world.errors.response(refusal) if refusal.status == 429 else token_error(refusal)
    seen.user, seen.generation = grant.user, grant.generation
    body = token_pair(grant, world.switches.access_ttl_s)
    return JsonResponse(body, headers={"Cache-Control": "no-store"})


def _app(request: Request, world: World, form: dict[str, str], *, is_form: bool) -> App:
    if not is_form:
        raise Refusal(400, "invalid_request", "The body must be form-encoded.")
    if "authorization" in request.headers and "client_secret" not in form:
        raise Refusal(401, "invalid_client", "The credentials of the client belong into the body.")
    app = world.apps.get(form.get("client_id", ""))
    if app is None or not secrets.compare_digest(app.client_secret.encode(), form.get("client_secret", "").encode()):
        raise Refusal(400, "invalid_client")
    return app


def _grant(world: World, app: App, host: str, form: dict[str, str]) -> Grant:
    common = {"client_id": app.client_id, "host": host}
    now, switches, kind = world.clock.now(), world.switches, form.get("grant_type")
    if kind == "authorization_code":
        if not form.get("code") or not form.get("redirect_uri"):
            raise Refusal(400, "invalid_request", "code and redirect_uri are required.")
        return world.grants.exchange(
            form["code"], **common, redirect_uri=form["redirect_uri"], now=now, switches=switches
        )
    if kind == "refresh_token":
        if not form.get("refresh_token"):
            raise Refusal(400, "invalid_request", "refresh_token is required.")
        return world.grants.refresh(form["refresh_token"], **common, now=now, switches=switches)
    raise Refusal(400, "unsupported_grant_type")


def token_pair(grant: Grant, ttl: int) -> dict[str, object]:
    return {
        "access_token": next(reversed(grant.access)), "expires_in": ttl, "token_type": "Bearer",
        "refresh_token": grant.refresh_token, "refresh_expires_in": 0, "not-before-policy": 0,
        "session_state": str(uuid.uuid4()),
    }  # fmt: skip
