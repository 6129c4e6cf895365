from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glucose_platform.settings")
os.environ.setdefault("GLUCOSE_PROCESS", "web")

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.utils.http import parse_header_parameters

from tenancy.startup import refuse_to_serve_unsafely


class UTF8Request(WSGIRequest):
    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Without Django's obedience to ``charset``: a codec that makes no text (hex) ends in an empty 500."""
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


application = get_wsgi_application()
application.request_class = UTF8Request
refuse_to_serve_unsafely()
# This thread serves no request: its connection would be missing from the pool for as long as the process lives.
connections.close_all()
