"""Bodies of errors. Those of data calls are not documented, so their shape goes round, and nobody can depend on one."""

from __future__ import annotations

import msgspec
from starlette.responses import HTMLResponse, Response

from dexcom_sync.sandbox.refusals import Refusal

SHAPES = ("oauth", "errors", "message", "empty", "html")
HTML = "<!doctype html><html><head><title>{status}</title></head><body><h1>{code}</h1></body></html>"


class JsonResponse(Response):
    media_type = "application/json"

    def render(self, content: object) -> bytes:
        return content if isinstance(content, bytes) else msgspec.json.encode(content)


class Errors:
    """Counts the errors it words: each takes the next shape."""

    def __init__(self) -> None:
        self._count = 0

    def response(self, refusal: Refusal) -> Response:
        shape = SHAPES[self._count % len(SHAPES)]
        self._count += 1
        return shaped(refusal, shape)


def shaped(refusal: Refusal, shape: str) -> Response:
    code, text, status, headers = refusal.code, refusal.text or refusal.code, refusal.status, dict(refusal.headers)
    if shape == "empty":
        return Response(b"", status, headers)
    if shape == "html":
        return HTMLResponse(HTML.format(status=status, code=code), status, headers)
    bodies: dict[str, object] = {
        "oauth": {"error": code, "error_description": text},
        "errors": {"errors": [{"code": code, "title": text}]},
        "message": {"message": text},
    }
    return JsonResponse(bodies[shape], status, headers)


def token_error(refusal: Refusal) -> Response:
    body = {"error": refusal.code, "error_description": refusal.text} if refusal.text else {"error": refusal.code}
    return JsonResponse(body, refusal.status, {"Cache-Control": "no-store", **dict(refusal.headers)})
