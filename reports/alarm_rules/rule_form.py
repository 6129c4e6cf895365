"""Everything that a rule says, while it is being written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from alerts.models import PatientRule, Rule
from alerts.rules.standing import SAID, StandingRule, values_of
from alerts.services.rules import USUAL
from reports.alarm_rules.blanks import LONGEST, NotFilled, filled
from reports.alarm_rules.drafts import FIRST, CannotBeShown, Draft, changed, draft_of, said_by, sent_draft
from reports.alarm_rules.kinds import AROUND
from reports.alarm_rules.showing import Field, Telling, fields_of

# Of a rule that nobody has written yet.
NEW = {"name": "", "severity": "medium", "condition": {"type": FIRST, "mgdl": 70}, **USUAL}


@dataclass(slots=True)
class RuleForm:
    """``draft`` is None where the condition cannot be shown as blanks; then it stays as it is.

    ``seen``: tells what the rule said when the page was made.
    """

    unit: str
    typed: dict[str, str]
    was: dict[str, str]
    draft: Draft | None
    seen: str
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, Any], unit: str) -> RuleForm:
        typed, was = {}, {}
        for blank in AROUND:
            value = values[blank.name]
            if blank.name == "is_on":
                value = "on" if value else "off"
            typed[blank.name] = "" if value is None else blank.written(value, unit)
            was[blank.name] = str(value) if blank.keeps_what_was else ""
        try:
            draft = draft_of(values["condition"], unit)
        except CannotBeShown:
            draft = None
        return cls(unit, typed, was, draft, fingerprint(values))

    def take(self, sent: Mapping[str, Any]) -> None:
        """What the page sent; what it has no blank for stays as it stands."""
        for blank in AROUND:
            if blank.name in sent:
                self.typed[blank.name] = sent[blank.name].replace("\x00", "")[: LONGEST + 1]
                self.was[blank.name] = sent.get(f"{blank.name}-was", "")[:20]
        if self.draft is not None:
            self.draft = sent_draft(sent) or self.draft
        self.seen = sent.get("seen", "")[:64]

    @property
    def has_errors(self) -> bool:
        return bool(self.errors) or (self.draft is not None and any(one.errors for _, one in self.draft.walk()))

    def change(self, act: str, path: str) -> None:
        if self.draft is not None:
            self.draft = changed(self.draft, act, path)

    def read(self) -> dict[str, Any] | None:
        """What the rule shall say; None where something is wrong, and then it stands beside what is."""
        self.errors = {}
        said: dict[str, Any] = {}
        for blank in AROUND:
            try:
                said[blank.name] = filled(blank, self.typed[blank.name], self.was[blank.name], self.unit)
            except NotFilled as problem:
                self.errors[blank.name] = str(problem)
        if "is_on" in said:
            said["is_on"] = said["is_on"] == "on"
        if len(said.get("name") or "") > LONGEST:
            self.errors["name"] = f"At most {LONGEST} characters, please."
        if self.draft is not None:
            said["condition"] = said_by(self.draft, self.unit)
        return None if self.has_errors else said

    def note(self, refusal: ValidationError) -> None:
        """What a service refused, beside the blank that it names."""
        by_field = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
        for name, sentences in by_field.items():
            known = name if name in SAID else ""
            self.errors[known] = " ".join(filter(None, [self.errors.get(known, ""), *sentences]))

    def shown_fields(self, telling: Telling) -> dict[str, Field]:
        return fields_of(AROUND, self.typed, self.was, self.errors, telling)


def values_to_begin_with(rule: StandingRule | None) -> dict[str, Any]:
    return dict(NEW) if rule is None else values_of(rule)


def fingerprint(values: Mapping[str, Any]) -> str:
    text = json.dumps({name: values[name] for name in SAID}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def new_code(name: str, taken: Mapping[str, Any]) -> str:
    """A code that no rule has: with one that has been given, it would stand in the place of that rule."""
    stem = slugify(name).replace("-", "_")[:40] or "rule"
    number, code = 1, stem
    while code in taken or any(model.objects.filter(code=code).exists() for model in (Rule, PatientRule)):
        number += 1
        code = f"{stem}_{number}"
    return code
