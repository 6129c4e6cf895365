"""Forms of the ambulatory glucose profile besides JSON: what a browser shows, and what is printed.

Who draws one puts it here, under its media type.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from patients.models import Patient
from reports.glucose.windows import Window
from reports.glucose_report.api import pdf_page, svg_page

# Draws the patient's window as a whole answer; the look is in the ledger already.
Page = Callable[[Request, Patient, Window], HttpResponse]

PAGES: dict[str, Page] = {"image/svg+xml": svg_page, "application/pdf": pdf_page}


def page_renderers() -> list[type[BaseRenderer]]:
    """For the negotiation of the form; an answer is drawn by the page itself."""
    return [_renderer(media_type) for media_type in PAGES]


def _renderer(media: str) -> type[BaseRenderer]:
    class Named(BaseRenderer):
        media_type = media
        format = media
        charset = None

        def render(self, data: Any, *_: Any, **__: Any) -> bytes:
            return json.dumps(data).encode()

    return Named
