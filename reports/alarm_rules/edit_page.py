"""One rule in words with blanks, and beside it what it would have done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from alerts.api.rules import RULE
from alerts.engine.conditions import words
from alerts.models import Severity
from alerts.rules.guarded import HIGHEST_LIMIT, LOWEST_LIMIT
from alerts.rules.standing import Standing, StandingRule
from alerts.services.rules import change_rule, create_rule
from audit.services import record_look
from reports.alarm_rules.acts import ask
from reports.alarm_rules.list_page import CHANGE, VIEW
from reports.alarm_rules.places import Place, place_of
from reports.alarm_rules.rule_form import RuleForm, fingerprint, new_code, values_to_begin_with
from reports.alarm_rules.saving import question_before
from reports.alarm_rules.showing import Telling, shown
from reports.alarm_rules.told import who_is_told
from reports.alarm_rules.trying import DAYS, USUAL_DAYS, Trial, patients_to_try, tried
from reports.alarm_rules.wording import condition_words, sentence
from reports.clinic import current_clinic

_ACT = re.compile(r"^(and|or|add|not|sustained|unwrap|remove):([0-9]+(?:\.[0-9]+)*)$")
CHANGED_MEANWHILE = (
    "Somebody has changed this rule since you opened it: it now says “{}” Save again to put yours in its place."
)


class Editing:
    """One request about one rule. ``code`` is None for a rule that does not exist yet."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.place: Place = place_of(request.GET)
        self.code = request.GET.get("rule", "")[:50] or None
        self.standing: Standing = self.place.standing()
        if self.code is not None and self.code not in self.standing:
            raise Http404
        self.rule: StandingRule | None = self.standing[self.code] if self.code else None
        self.values = values_to_begin_with(self.rule)
        self.unit = current_clinic(request).glucose_unit
        self.may_change = request.user.has_perm(CHANGE)
        self.form = RuleForm.of(self.values, self.unit)
        if request.method == "POST" and self.may_change:
            self.form.take(request.POST)
        self.trial: Trial | None = None
        self.trial_problem = ""

    @property
    def is_guarded(self) -> bool:
        return self.rule is not None and not self.rule.can_be_switched_off

    def save(self) -> HttpResponse | None:
        """Where to go on; None where something stands in the way, which the form says."""
        said = self.form.read()
        if said is None:
            return None
        if self.form.seen != fingerprint(self.values) and self.rule is not None:
            self.form.errors[""] = CHANGED_MEANWHILE.format(sentence(self.rule, self.unit))
            self.form.seen = fingerprint(self.values)
            return None
        try:
            question = question_before(self.request, self.place, lambda: self._write(said))
        except ValidationError as refusal:
            self.form.note(refusal)
            return None
        if question is not None:
            return ask(self.request, question, title="This makes alarms weaker", back="")
        messages.success(self.request, f"“{said['name']}” is saved and in force.")
        return HttpResponseRedirect(f"{reverse('admin:alarm_rules')}{self.place.address_part}")

    def _write(self, said: Mapping[str, Any]) -> None:
        row = self.place.row(self.code) if self.code else None
        if row is not None:
            change_rule(rule=row, changes=said)
        else:
            create_rule(code=self.code or new_code(said["name"], self.standing), said=said, **self.place.arguments)

    def try_it(self) -> None:
        said = self.form.read() if self.may_change else self.values
        if said is None:
            self.trial_problem = "Not tried: something in the rule is missing or wrong. It is marked."
            return
        days = self.request.POST.get("days", "")
        chosen = int(days) if days in {str(one) for one in DAYS} else USUAL_DAYS
        patients, self.trial_problem = patients_to_try(self.place, self.request.POST.get("try_with", ""))
        if not patients:
            self.trial_problem = self.trial_problem or "No patient of these has readings yet."
            return
        try:
            self.trial = tried(
                place=self.place, patients=patients, code=self.code, said=said, days=chosen, unit=self.unit
            )
        except ValidationError as refusal:
            self.form.note(refusal)
            self.trial_problem = "Not tried: something in the rule is missing or wrong. It is marked."

    def page(self) -> HttpResponse:
        others = {code: rule.name for code, rule in sorted(self.standing.items()) if code != self.code}
        telling = Telling(self.unit, others, is_fixed=self.is_guarded)
        form, place = self.form, self.place
        severity = form.typed["severity"]
        context = {
            **admin.site.each_context(self.request),
            "title": f"{self.rule.name}: {place.words}" if self.rule else f"New alarm rule: {place.words}",
            "place": place,
            "rule": self.rule,
            "sentence": sentence(self.rule, self.unit) if self.rule else "",
            "form": form,
            "fields": form.shown_fields(telling),
            "tree": shown(form.draft, telling) if form.draft is not None else None,
            "kept_condition": condition_words(self.values["condition"], self.unit),
            "is_guarded": self.is_guarded,
            "guarded_range": words.glucose_range(LOWEST_LIMIT, HIGHEST_LIMIT, self.unit),
            "may_change": self.may_change,
            "told": who_is_told(severity if severity in Severity.values else Severity.MEDIUM.value, place),
            "unit": self.unit,
            "days": DAYS,
            "chosen_days": self.request.POST.get("days", str(USUAL_DAYS)),
            "try_with": self.request.POST.get("try_with", "")[:100],
            "trial": self.trial,
            "trial_problem": self.trial_problem,
            "back": f"{reverse('admin:alarm_rules')}{place.address_part}",
        }
        return TemplateResponse(self.request, "workplace/rule_edit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    editing = Editing(request)
    if editing.code is None and not editing.may_change:
        raise PermissionDenied
    patient = editing.place.patient
    record_look(kind=RULE, patient_ids=[patient.pk] if patient else [])
    if request.method == "POST" and (answer := _act(request, editing)):
        return answer
    return editing.page()


def _act(request: HttpRequest, editing: Editing) -> HttpResponse | None:
    chosen = request.POST.get("act", "")
    if chosen == "try":
        editing.try_it()
        return None
    if not editing.may_change:
        raise PermissionDenied
    if chosen == "save":
        return editing.save()
    if (found := _ACT.match(chosen)) and not editing.is_guarded:
        editing.form.change(found[1], found[2])
    return None
