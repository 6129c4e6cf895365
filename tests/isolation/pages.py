"""The pages beside the REST routes, found by walking Django's URL patterns: the admin, and links sent to people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import site
from django.db import models
from django.forms import ModelChoiceField
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from alerts.models import Episode
from glucose_platform.routes import ROUTES
from reports.models import ReportBatch
from tests.isolation.callers import Caller
from tests.isolation.cases import Case
from tests.isolation.world import Target

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
ROUTED = {route.name for route in ROUTES}


@dataclass(frozen=True)
class Page:
    """``pattern`` is the whole path, as Django writes it."""

    pattern: str
    name: str

    @property
    def model(self) -> type[models.Model] | None:
        """Of an admin page: the model that its name begins with."""
        for model in site._registry:
            if self.name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
                return model
        return None

    def path(self, target: Target) -> str:
        """Raises KeyError for a parameter that nobody has taught this test: add it below."""
        plain = self.pattern.replace("^", "").replace("$", "")
        return "/" + _PARAMETER.sub(lambda match: self._fill(match[1] or match[2], target), plain)

    def _fill(self, name: str, target: Target) -> str:
        row = target.row_of(self.model) if self.model else None
        values = {
            "object_id": str((row or target.patient).pk),
            "content_type_id": "1",
            "app_label": "patients",
            "url": f"patients/patient/{target.patient.pk}",
            "uid": urlsafe_base64_encode(force_bytes(target.member.user_id)),
            "token": "c0ffee-0123456789abcdef",
            "channel": target.parameter("channelId", "only"),
            "channel_kind": "webhook",
            "delivery": target.parameter("deliveryId", "only"),
            "batch": str(getattr(target.row_of(ReportBatch), "public_id", "")),
            "patient": str(target.patient.public_id),
            "device": str(target.device.public_id),
            "job": target.parameter("importId", "only"),
            "alarm": str(getattr(target.row_of(Episode), "public_id", "")),
        }
        return values[name]


def pages() -> list[Page]:
    return [Page(pattern, name) for pattern, name in _walk(get_resolver(), "") if name not in ROUTED]


def _walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern.name or ""


def page_attacks(page: Page, caller: Caller, own: Target, foreign: Target) -> Iterator[Case]:
    yield Case(caller, "GET", page.path(foreign))
    if not caller.is_staff:
        yield Case(caller, "POST", page.path(foreign), body=plain_form(foreign), form=True)
        return
    yield Case(caller, "GET", page.path(own), query=page_query(page, foreign))
    for path in {page.path(foreign), page.path(own)}:
        yield Case(caller, "POST", path, body=page_form(caller, path, foreign), form=True)


def page_query(page: Page, target: Target) -> dict[str, str]:
    """Filters, searches and pop-ups that name the target's rows."""
    query = {
        "patient": target.patient.code,
        "device": target.device.code,
        "organization": str(target.clinic.organization.pk),
        "app_label": "devices",
        "model_name": "assignment",
        "field_name": "patient",
        # A part of the canary that is not the canary: the page repeats what was searched for.
        "q": "CANARY",
        "s": "CANARY",
        "term": "CANARY",
    }
    if page.model is None:
        return query
    # The list of a model refuses filters that it does not know, so it gets its own.
    row = target.row_of(page.model)
    return {"q": "CANARY", "o": "1", "id__exact": str(row.pk) if row else "1"}


def plain_form(target: Target) -> dict[str, Any]:
    return {
        "organization": target.clinic.organization.code,
        "patient": str(target.patient.pk),
        "device": str(target.device.pk),
        "starts_at_0": "2026-01-01",
        "starts_at_1": "00:00:00",
        "_selected_action": str(target.patient.pk),
        "action": "delete_selected",
    }


def page_form(caller: Caller, path: str, target: Target) -> dict[str, Any]:
    """The form as the page shows it to the caller, with the target's row in every choice of rows."""
    form = _form_on(caller, path)
    if form is None:
        return plain_form(target)
    choices = {name: field for name, field in form.fields.items() if isinstance(field, ModelChoiceField)}
    return {
        **plain_form(target),
        **{name: value for name, value in form.initial.items() if isinstance(value, str | int)},
        **{name: str(_row_for(field, target)) for name, field in choices.items()},
    }


def _form_on(caller: Caller, path: str) -> Any:
    context: Any = getattr(caller.client().get(path), "context", None) or {}
    if "adminform" in context:
        return context["adminform"].form
    return context["form"] if "form" in context and hasattr(context["form"], "fields") else None


def _row_for(field: ModelChoiceField[Any], target: Target) -> Any:
    row = target.row_of(field.queryset.model) if field.queryset is not None else None
    return row.pk if row else 1
