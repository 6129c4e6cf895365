"""Bounds of vital signs as a table of six lines, of the clinic or of one patient. The same as in REST."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from alerts.api.thresholds import THRESHOLDS
from alerts.presets.vital_signs import Bounds
from alerts.services.thresholds import Threshold, set_thresholds, thresholds_of
from audit.services import record_look
from reports.alarm_rules.acts import ask
from reports.alarm_rules.list_page import CHANGE, VIEW
from reports.alarm_rules.places import Place, place_of
from reports.alarm_rules.saving import question_before

COLUMNS = (
    ("critical_min", "Critical below"),
    ("warning_min", "Warning below"),
    ("warning_max", "Warning above"),
    ("critical_max", "Critical above"),
)
SET_BY = {"default": "nobody: usual bounds", "clinic": "the clinic", "group": "the group", "patient": "this patient"}


@dataclass(slots=True)
class Line:
    """``is_own``: saved for this place itself."""

    metric: str
    name: str
    unit: str
    set_by: str
    is_on: bool
    is_own: bool
    is_other_rule: bool
    typed: dict[str, str]
    error: str = ""
    cells: list[tuple[str, str, str]] = field(default_factory=list)


@require_http_methods(["GET", "HEAD", "POST"])
def vitals_page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    place = place_of(request.GET)
    if place.group is not None:
        raise Http404
    found = thresholds_of(place.patient)
    lines = [_line(one, place) for one in found]
    is_on = any(one.is_on for one in found)
    if request.method == "POST":
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        if answer := _save(request, place, lines):
            return answer
        # Who corrects a number below does not switch them off by it.
        is_on = request.POST.get("is_on") == "on"
    for line in lines:
        line.cells = [(f"{line.metric}-{name}", words, line.typed[name]) for name, words in COLUMNS]
    if place.patient:
        record_look(kind=THRESHOLDS, object_id=place.patient.code, patient_id=place.patient.pk)
    context = {
        **admin.site.each_context(request),
        "title": f"Bounds of vital signs: {place.words}",
        "place": place,
        "lines": lines,
        "columns": [words for _, words in COLUMNS],
        "is_on": is_on,
        "has_errors": any(line.error for line in lines),
        "may_change": request.user.has_perm(CHANGE),
        "back": f"{reverse('admin:alarm_rules')}{place.address_part}",
    }
    return TemplateResponse(request, "workplace/rule_vitals.html", context)


def _line(one: Threshold, place: Place) -> Line:
    bounds = one.bounds or Bounds()
    values = {name: getattr(bounds, name) for name, _ in COLUMNS}
    return Line(
        metric=one.metric,
        name=one.name,
        unit=one.unit,
        set_by=SET_BY.get(one.source, one.source),
        is_on=one.is_on,
        is_own=one.source == place.level.value,
        is_other_rule=one.bounds is None,
        typed={name: "" if value is None else f"{value:g}" for name, value in values.items()},
    )


def _save(request: HttpRequest, place: Place, lines: list[Line]) -> HttpResponse | None:
    """What was sent is told again where it cannot be saved."""
    said: dict[str, Bounds] = {}
    is_on = place.patient is not None or request.POST.get("is_on") == "on"
    reset = request.POST.get("reset", "")
    for line in lines:
        before = dict(line.typed)
        line.typed = {name: _sent(request, f"{line.metric}-{name}") for name, _ in COLUMNS}
        if line.metric == reset or reset == "all" or (not line.is_own and line.typed == before):
            continue
        try:
            said[line.metric] = Bounds(**{name: _number(text) for name, text in line.typed.items()})
        except ValueError:
            line.error = "Write numbers, or leave a bound empty."
    if any(line.error for line in lines):
        return None
    try:
        question = question_before(
            request, place, lambda: set_thresholds(said=said, patient=place.patient, is_on=is_on)
        )
    except ValidationError as refusal:
        for line in lines:
            line.error = " ".join(refusal.message_dict.get(line.metric, []))
        return None
    if question is not None:
        return ask(request, question, title="This makes alarms weaker", back="")
    messages.success(request, "Saved, and in force." if is_on else "Saved. Vital signs do not alarm: they are off.")
    return HttpResponseRedirect(f"{reverse('admin:alarm_rule_vitals')}{place.address_part}")


def _sent(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "").strip()[:20]


def _number(text: str) -> float | None:
    if not text:
        return None
    value = float(text.replace(",", "."))
    if not math.isfinite(value):
        raise ValueError
    return value
