"""How a fault looks on the wire."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from dexcom_sync.sandbox.errors import JsonResponse, shaped
from dexcom_sync.sandbox.faults import Fault
from dexcom_sync.sandbox.refusals import Refusal

GATEWAY_PAGE = "<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"
STATUS_CODES = {400: "bad_request", 401: "unauthorized", 403: "forbidden", 429: "too_many_requests"}


class Cut(Exception):
    """Ends a connection in the middle of an answer."""


class CutResponse(Response):
    """Promises its whole body, and sends the first ``sent`` bytes of it before the connection ends."""

    def __init__(self, whole: Response, sent: int) -> None:
        super().__init__(whole.body, whole.status_code, dict(whole.headers))
        self._sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = (b"content-length", str(max(len(self.body), self._sent + 1)).encode())
        headers = [pair for pair in self.raw_headers if pair[0] != b"content-length"]
        await send({"type": "http.response.start", "status": self.status_code, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": bytes(self.body)[: self._sent], "more_body": True})
        raise Cut


async def instead(fault: Fault | None) -> Response | None:
    """What answers in place of the server, or None where the server does its work first."""
    if fault is None:
        return None
    action, kind = fault.action, fault.kind
    if kind == "delay" and action.get("when", "before") == "before":
        await asyncio.sleep(float(action["seconds"]))
    if kind == "drop":
        return CutResponse(JsonResponse({}), 0)
    if kind == "html":
        return HTMLResponse(GATEWAY_PAGE)
    if kind == "redirect":
        return HTMLResponse(GATEWAY_PAGE, 302, {"Location": str(action.get("to", "/login"))})
    if kind == "status":
        return _status(action)
    return None


async def after(fault: Fault | None, answer: Response) -> Response:
    """What becomes of the answer of a server that did its work."""
    if fault is None:
        return answer
    kind = fault.kind
    if kind == "delay" and fault.action.get("when", "before") == "after":
        await asyncio.sleep(float(fault.action["seconds"]))
    if kind == "lost_response":
        return CutResponse(answer, 0)
    if kind == "eof":
        return CutResponse(answer, len(answer.body) // 2)
    if kind == "truncated":
        return JsonResponse(bytes(answer.body)[: len(answer.body) // 2], answer.status_code)
    if kind == "encoding":
        return Response(answer.body, answer.status_code, {"Content-Encoding": "gzip"}, "application/json")
    if kind in ("no_records", "other_user") and answer.status_code == 200:
        return JsonResponse(_altered(kind, msgspec.json.decode(answer.body)))
    return answer


def _altered(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    if kind == "no_records":
        return {name: value for name, value in body.items() if name != "records"}
    return {**body, "userId": body["userId"][:8] + body["userId"][:7:-1]}


def _status(action: Any) -> Response:
    status = int(action.get("status", 500))
    headers = {"Retry-After": str(action["retry_after"])} if "retry_after" in action else {}
    if "body" in action:
        body = action["body"]
        given = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
        return Response(given, status, headers, action.get("content_type", "application/json"))
    code = str(action.get("error", STATUS_CODES.get(status, "server_error")))
    usual = "oauth" if "error" in action else "message"
    return shaped(Refusal(status, code, "", tuple(headers.items())), action.get("shape", usual))
