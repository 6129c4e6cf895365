"""What the buttons of the rules' pages do, each through the one door of its service."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from alerts.models import PatientAlarms, RuleGroup
from alerts.services.choices import choose_for_clinic
from alerts.services.groups import change_group, create_group, delete_group, put_in_group
from alerts.services.rules import reset_rule
from patients.models import Patient
from reports.alarm_rules.places import Place
from reports.alarm_rules.saving import CONFIRMED, Question, question_before
from reports.named_rows import row_named
from tenancy.refusals import Refusal

CHANGE, CHOOSE = "alerts.change_rule", "tenancy.change_organization"
# Where the page goes afterwards; None: it stays.
Done = HttpResponse | None
Work = Callable[[HttpRequest, Place], Done]
NOT_REPEATED = {"csrfmiddlewaretoken", CONFIRMED}


def act(request: HttpRequest, place: Place) -> Done:
    """A refusal becomes a message, a question a page. Raises PermissionDenied."""
    permission, work = _ACTS.get(request.POST.get("action", ""), ("", None))
    if work is None or not request.user.has_perm(permission):
        raise PermissionDenied
    try:
        return work(request, place)
    except ValidationError as refusal:
        for sentence in refusal.messages:
            messages.error(request, sentence)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return None


def ask(request: HttpRequest, question: Question, *, title: str, back: str) -> HttpResponse:
    """The page that asks; whoever says yes sends the same again, with the answer."""
    sent = [(name, value) for name, value in request.POST.items() if name not in NOT_REPEATED and name != "act"]
    context = {
        **admin.site.each_context(request),
        "title": title,
        "question": question,
        "repeated": [(name, value) for name, value in sent if name != "for_clinic"],
        "address": request.get_full_path(),
        "act": request.POST.get("act", ""),
        "back": back,
    }
    return TemplateResponse(request, "workplace/rule_confirm.html", context)


def _done(request: HttpRequest, place: Place, work: Callable[[], object], sentence: str) -> Done:
    if question := question_before(request, place, work):
        back = f"{reverse('admin:alarm_rules')}{place.address_part}"
        return ask(request, question, title="This makes alarms weaker", back=back)
    messages.success(request, sentence)
    return None


def _reset(request: HttpRequest, place: Place) -> Done:
    rule = place.row(request.POST.get("rule", "").replace("\x00", "")[:50])
    if rule is None:
        return None
    return _done(request, place, lambda: reset_rule(rule=rule), f"“{rule.name}” is as it stands below again.")


def _choose(request: HttpRequest, place: Place) -> Done:
    preset = request.POST.get("preset", "")[:50]
    group = place.group
    if group is not None:
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        return _done(request, place, lambda: change_group(group=group, preset=preset), "Chosen.")
    if not request.user.has_perm(CHOOSE) or place.patient:
        raise PermissionDenied
    return _done(request, place, lambda: choose_for_clinic(preset=preset), "Chosen.")


def _make_group(request: HttpRequest, place: Place) -> Done:
    group = create_group(name=_name(request))
    return HttpResponseRedirect(f"{reverse('admin:alarm_rules')}{Place(group=group).address_part}")


def _rename_group(request: HttpRequest, place: Place) -> Done:
    change_group(group=_group(place), name=_name(request))
    messages.success(request, "Renamed.")
    return None


def _delete_group(request: HttpRequest, place: Place) -> Done:
    delete_group(group=_group(place))
    messages.success(request, "The group and its rules are gone.")
    return HttpResponseRedirect(reverse("admin:alarm_rules"))


def _add_member(request: HttpRequest, place: Place) -> Done:
    group = _group(place)
    patient = _patient(request)
    return _done(
        request,
        Place(patient=patient),
        lambda: put_in_group(patient=patient, group=group),
        f"{patient} is in the group.",
    )


def _remove_member(request: HttpRequest, place: Place) -> Done:
    group, patient = _group(place), _patient(request)
    if not PatientAlarms.objects.filter(patient_id=patient.pk, group_id=group.pk).exists():
        raise ValidationError("This patient is not in the group.")
    leave = lambda: put_in_group(patient=patient, group=None)  # noqa: E731
    return _done(request, Place(patient=patient), leave, f"{patient} has left the group.")


def _move_patient(request: HttpRequest, place: Place) -> Done:
    patient = place.patient
    if patient is None:
        raise PermissionDenied
    chosen = request.POST.get("to_group", "")
    group = row_named(RuleGroup.objects.all(), chosen) if chosen else None
    return _done(request, place, lambda: put_in_group(patient=patient, group=group), "Saved.")


def _group(place: Place) -> RuleGroup:
    if place.group is None:
        raise PermissionDenied
    return place.group


def _name(request: HttpRequest) -> str:
    return request.POST.get("name", "").replace("\x00", "").strip()[:101]


def _patient(request: HttpRequest) -> Patient:
    code = request.POST.get("member", "").strip()[:50]
    patient: Patient | None = Patient.objects.with_code(code).first() if code else None
    if patient is None:
        raise ValidationError("There is no patient with this code.")
    return patient


_ACTS: dict[str, tuple[str, Work]] = {
    "reset": (CHANGE, _reset),
    "choose": ("alerts.view_rule", _choose),
    "make-group": (CHANGE, _make_group),
    "rename-group": (CHANGE, _rename_group),
    "delete-group": (CHANGE, _delete_group),
    "add-member": (CHANGE, _add_member),
    "remove-member": (CHANGE, _remove_member),
    "move": (CHANGE, _move_patient),
}
