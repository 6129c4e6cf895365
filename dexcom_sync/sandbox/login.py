"""Authorization: choose a user, consent, and go back with a code. ``_user`` and ``_approve`` do it without pages."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dexcom_sync.sandbox import pages
from dexcom_sync.sandbox.faulting import after, instead
from dexcom_sync.sandbox.grants import Code
from dexcom_sync.sandbox.requests_log import without_secrets
from dexcom_sync.sandbox.users import User
from dexcom_sync.sandbox.world import World

ASKED = ("client_id", "redirect_uri", "response_type", "scope", "state")
MOST_BODY = 65_536


async def login(request: Request) -> Response:
    world: World = request.state.world
    host = request.state.host
    given = dict(request.query_params)
    if request.method == "POST":
        given |= await form_of(request)
    seen = world.log.begin(
        at=world.clock.now(), method=request.method, host=host, path=request.url.path, endpoint="login"
    )
    seen.query, seen.user, seen.client_id = without_secrets(given), given.get("_user"), given.get("client_id")
    fault = world.faults.take(seen.facts())
    seen.fault = fault.kind if fault else None
    answer = await instead(fault)
    if answer is None:
        answer = await after(fault, _answer(world, host, given, pressed=request.method == "POST"))
    seen.status = answer.status_code
    return answer


async def form_of(request: Request) -> dict[str, str]:
    """The last of fields that come twice, as browsers never send them."""
    body = await request.body()
    return dict(parse_qsl(body[:MOST_BODY].decode("utf-8", "replace"), keep_blank_values=True))


def _answer(world: World, host: str, given: dict[str, str], *, pressed: bool) -> Response:
    asked = {name: given[name] for name in ASKED if name in given}
    app = world.apps.get(asked.get("client_id", ""))
    if app is None or asked.get("redirect_uri") not in app.redirect_uris:
        return pages.error_page(
            "Unknown application", "This client application is not known, or is not authorized to return there."
        )
    if asked.get("response_type") != "code":
        return _back(asked, {"error": "unsupported_response_type"})
    if asked.get("scope") != "offline_access":
        return _back(asked, {"error": "invalid_scope"})
    name = given.get("_user")
    if not name:
        return pages.choose_user(world.users, asked, host)
    user = world.users.get(name)
    if user is None or not _lives_here(user, host):
        return pages.choose_user(world.users, asked, host, "The user name or the password is not correct.")
    if "_approve" not in given:
        return pages.consent(name, asked)
    if given["_approve"] != "1":
        return _back(asked, {"error": "access_denied"})
    if pressed and not given.get("_signature", "").strip():
        return pages.consent(name, asked, "Type your name to approve.")
    code = Code(name, app.client_id, host, asked["redirect_uri"], world.clock.now())
    return _back(asked, {"code": world.grants.give_code(code, static=world.switches.static_code == "on")})


def _lives_here(user: User, host: str) -> bool:
    return host in ("sandbox", user.spec.region)


def _back(asked: dict[str, str], answer: dict[str, str]) -> Response:
    if "state" in asked:
        answer["state"] = asked["state"]
    to = asked["redirect_uri"]
    joint = "&" if urlsplit(to).query else "?"
    return RedirectResponse(to + joint + urlencode(answer), 302, {"Cache-Control": "no-store"})
