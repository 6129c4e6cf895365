from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glucose_platform.settings")
os.environ.setdefault("GLUCOSE_PROCESS", "web")

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.utils.http import parse_header_parameters

from tenancy.startup import refuse_to_serve_unsafely

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class UTF8Request(WSGIRequest):
    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Without Django's obedience to ``charset``: a codec that makes no text (hex) ends in an empty 500."""
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


def close_after_chunked(handler: WSGIApplication) -> WSGIApplication:
    """A chunked request is the last of its connection.

    The server drops a Content-Length beside Transfer-Encoding unseen. To a proxy that counted by it, what follows is a
    part of the body; to us it would be the next request, with that proxy's trust.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "HTTP_TRANSFER_ENCODING" not in environ:
            return handler(environ, start_response)

        def start_and_close(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, ("Connection", "close")], *rest)

        return handler(environ, start_and_close)

    return application


_handler = get_wsgi_application()
_handler.request_class = UTF8Request
application = close_after_chunked(_handler)
refuse_to_serve_unsafely()
# This thread serves no request: its connection would be missing from the pool for as long as the process lives.
connections.close_all()
