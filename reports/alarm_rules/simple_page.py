"""The simple form of one patient: two limits, how fast is too fast, and when to keep quiet. The same as in REST."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.dateparse import parse_time
from django.views.decorators.http import require_http_methods

from alerts.api.configuration import CONFIGURATION
from alerts.services.configuration import (
    USUAL_QUIET_HOURS,
    Configuration,
    configuration_of,
    configure,
)
from audit.services import record_look
from reports.alarm_rules.acts import ask
from reports.alarm_rules.blanks import Blank, Clock, Glucose, NotFilled, Rate, filled
from reports.alarm_rules.list_page import CHANGE, VIEW
from reports.alarm_rules.places import Place, place_of
from reports.alarm_rules.saving import question_before
from reports.alarm_rules.showing import Telling, fields_of
from reports.clinic import current_clinic

# The ranges of the form in REST.
LOW, HIGH = Glucose("low", "low", low=40, high=100), Glucose("high", "high", low=150, high=400)
RAPID = Rate("rapid_change", "rapid change, or empty", may_be_empty=True, low=1, high=10)
QUIET_FROM, QUIET_UNTIL = Clock("quiet_from", "quiet from"), Clock("quiet_until", "quiet until")
BLANKS: tuple[Blank, ...] = (LOW, HIGH, RAPID, QUIET_FROM, QUIET_UNTIL)
_OF_SERVICE = {"quiet_hours": "quiet_from"}


class SimpleForm:
    def __init__(self, found: Configuration, unit: str) -> None:
        begins, ends = found.quiet_hours or USUAL_QUIET_HOURS
        values: dict[str, Any] = {
            # What is in force, and nothing where there is no such alarm: a usual number would promise one.
            "low": found.low,
            "high": found.high,
            "rapid_change": found.rapid_change,
            "quiet_from": f"{begins:%H:%M}",
            "quiet_until": f"{ends:%H:%M}",
        }
        self.unit = unit
        self.typed = {
            blank.name: "" if values[blank.name] is None else blank.written(values[blank.name], unit)
            for blank in BLANKS
        }
        self.was = {blank.name: str(values[blank.name] or "") if blank.keeps_what_was else "" for blank in BLANKS}
        self.notifies, self.is_quiet = found.notifies, found.quiet_hours is not None
        self.errors: dict[str, str] = {}

    def take(self, sent: Any) -> None:
        for blank in BLANKS:
            self.typed[blank.name] = sent.get(blank.name, "").replace("\x00", "")[:20]
            self.was[blank.name] = sent.get(f"{blank.name}-was", "")[:20]
        self.notifies, self.is_quiet = sent.get("notifies") == "on", sent.get("is_quiet") == "on"

    def read(self) -> dict[str, Any] | None:
        said: dict[str, Any] = {}
        for blank in BLANKS:
            if not self.is_quiet and blank in (QUIET_FROM, QUIET_UNTIL):
                continue
            try:
                said[blank.name] = filled(blank, self.typed[blank.name], self.was[blank.name], self.unit)
            except NotFilled as problem:
                self.errors[blank.name] = str(problem)
        if self.errors:
            return None
        quiet = (parse_time(said["quiet_from"]), parse_time(said["quiet_until"])) if self.is_quiet else None
        return {
            "low": said["low"],
            "high": said["high"],
            "rapid_change": said["rapid_change"],
            "notifies": self.notifies,
            "quiet_hours": quiet,
        }

    def note(self, refusal: ValidationError) -> None:
        by_field = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
        for name, sentences in by_field.items():
            known = _OF_SERVICE.get(name, name)
            self.errors[known if known in self.typed else ""] = " ".join(sentences)

    def shown_fields(self) -> dict[str, Any]:
        telling = Telling(self.unit, {})
        return fields_of(BLANKS, self.typed, self.was, self.errors, telling)


@require_http_methods(["GET", "HEAD", "POST"])
def simple_page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    place = place_of(request.GET)
    if place.patient is None:
        raise Http404
    unit = current_clinic(request).glucose_unit
    found = configuration_of(place.patient)
    form = SimpleForm(found, unit)
    if request.method == "POST":
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        form.take(request.POST)
        if request.POST.get("act") != "redraw" and (answer := _save(request, place, form)):
            return answer
    record_look(kind=CONFIGURATION, object_id=place.patient.code, patient_id=place.patient.pk)
    context = {
        **admin.site.each_context(request),
        "title": f"Simple alarm settings: {place.words}",
        "place": place,
        "form": form,
        "fields": form.shown_fields(),
        "found": found,
        "unit": unit,
        "zone_words": place.patient.timezone.replace("_", " "),
        "may_change": request.user.has_perm(CHANGE),
        "back": f"{reverse('admin:alarm_rules')}{place.address_part}",
    }
    return TemplateResponse(request, "workplace/rule_simple.html", context)


def _save(request: HttpRequest, place: Place, form: SimpleForm) -> HttpResponse | None:
    said, patient = form.read(), place.patient
    if said is None or patient is None:
        return None
    try:
        question = question_before(request, place, lambda: configure(patient=patient, **said))
    except ValidationError as refusal:
        form.note(refusal)
        return None
    if question is not None:
        return ask(request, question, title="This makes alarms weaker", back="")
    messages.success(request, "Saved, and in force.")
    return HttpResponseRedirect(f"{reverse('admin:alarm_rules')}{place.address_part}")
