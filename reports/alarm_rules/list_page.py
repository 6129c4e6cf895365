"""The rules in force: of the clinic, of a group, of a patient; and what may be chosen there."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from alerts.api.rules import RULE
from alerts.models import PatientAlarms, RuleGroup
from alerts.presets import VERSION
from audit.services import record_look
from reports.alarm_rules.acts import act
from reports.alarm_rules.changes import rule_changes
from reports.alarm_rules.choosing import NAMES, changes_by, followed, is_chosen, is_outdated, preset_words
from reports.alarm_rules.places import Place, place_of
from reports.alarm_rules.rows import rule_rows
from reports.clinic import current_clinic

VIEW, CHANGE, CHOOSE = "alerts.view_rule", "alerts.change_rule", "tenancy.change_organization"
GROUPS_SHOWN, MEMBERS_SHOWN = 100, 200


@require_http_methods(["GET", "HEAD", "POST"])
def list_page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    place = place_of(request.GET)
    if request.method == "POST":
        answer = act(request, place)
        return answer or HttpResponseRedirect(f"{reverse('admin:alarm_rules')}{place.address_part}")
    unit = current_clinic(request).glucose_unit
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": f"Alarm rules: {place.words}",
        "place": place,
        "rows": rule_rows(place, unit),
        "may_change": request.user.has_perm(CHANGE),
        "may_choose": request.user.has_perm(CHANGE if place.group else CHOOSE),
        "changes": rule_changes(place, unit),
        "groups": list(RuleGroup.objects.all()[:GROUPS_SHOWN]),
        "zone_words": place.patient.timezone.replace("_", " ") if place.patient else "",
        **_of_place(request, place, unit),
    }
    seen = [place.patient] if place.patient else [alarms.patient for alarms in context.get("members", [])]
    record_look(kind=RULE, patient_ids=sorted(patient.pk for patient in seen))
    return TemplateResponse(request, "workplace/rule_list.html", context)


def _of_place(request: HttpRequest, place: Place, unit: str) -> dict[str, Any]:
    if place.patient:
        alarms = PatientAlarms.objects.select_related("group").filter(patient_id=place.patient.pk).first()
        return {"alarms": alarms, "group_of_patient": alarms.group if alarms else None}
    choice = followed(place)
    preview = request.GET.get("preset", "")
    shows = "preset" in request.GET and (preview in NAMES or (place.group is not None and not preview))
    return {
        "presets": NAMES,
        "choice": choice,
        "choice_words": preset_words(choice) if choice else "",
        "is_chosen": place.group is not None or is_chosen(),
        "is_outdated": is_outdated(choice),
        "newest": VERSION,
        "preview": preview if shows else None,
        "shows_preview": shows,
        "preview_name": NAMES.get(preview, "the clinic's"),
        "preview_changes": changes_by(place, preview, unit) if shows else [],
        "members": _members(place) if place.group else [],
    }


def _members(place: Place) -> list[PatientAlarms]:
    members = PatientAlarms.objects.filter(group=place.group).select_related("patient")
    return list(members.order_by("patient__last_name", "patient__first_name")[:MEMBERS_SHOWN])
