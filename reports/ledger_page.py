"""The clinic's audit ledger: who saw a patient, what a person did, what became of a record."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_GET

from accounts.fresh_sign_in import fresh_sign_in_required
from accounts.models import Membership
from audit.actions import Action
from audit.exporting import csv_lines
from audit.models import Entry, EntryQuerySet
from audit.services import record_look
from audit.wording import action_words, changes_of, field_words, object_words, value_words
from patients.models import Patient

SIZE = 50
LEDGER, PATIENT = "audit.entry", "patients.patient"
# What its records' pages link here with.
OBJECT_TYPES = {PATIENT: "patient", "devices.device": "device", "accounts.membership": "member"}
PEOPLE = {"accounts.user", "accounts.membership"}
# The history of a device tells whom it measured as well.
RECORDS = {kind: [kind] for kind in OBJECT_TYPES} | {"devices.device": ["devices.device", "devices.assignment"]}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the address asks for; anything unknown falls back to no choice."""

    patient: str
    person: str
    object_type: str
    object_id: str
    action: str
    since: date | None
    until: date | None
    after: tuple[datetime, int] | None

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> Choices:
        def text(name: str) -> str:
            # PostgreSQL takes no NUL in a text.
            return sent.get(name, "").replace("\x00", "").strip()[:200]

        kind = text("type")
        return cls(
            patient=text("patient"),
            person=_uuid(text("person")),
            object_type=kind if kind in OBJECT_TYPES else "",
            object_id=text("object"),
            action=text("action") if text("action") in Action.values else "",
            since=_day(text("since")),
            until=_day(text("until")),
            after=_place(text("after")),
        )

    def entries(self, patient: Patient | None) -> EntryQuerySet:
        zone = timezone.get_current_timezone()
        since = datetime.combine(self.since, time.min, zone) if self.since else None
        until = datetime.combine(self.until + timedelta(days=1), time.min, zone) if self.until else None
        entries: EntryQuerySet = Entry.objects.between(since, until)
        if patient is not None:
            entries = entries.about_patient(patient.pk)
        if self.person:
            entries = entries.by_actor(self.person)
        if self.object_type and self.object_id:
            # A patient's code may change; what became of the record is found by its key.
            named = None if self.object_type != PATIENT else Patient.objects.with_code(self.object_id).first()
            records = entries.about_object(RECORDS[self.object_type], self.object_id)
            entries = entries.filter(object_type=PATIENT, patient_id=named.pk) if named else records
        return entries.filter(action=self.action) if self.action else entries


@require_GET
def ledger_page(request: HttpRequest) -> HttpResponse:
    _require(request, "audit.view_entry")
    choices = Choices.of(request.GET)
    patient, problem = _patient(choices)
    entries = choices.entries(patient).newest_first()
    if choices.after:
        entries = entries.older_than(*choices.after)
    found = [] if problem else list(entries[: SIZE + 1])
    shown = found[:SIZE]
    _record(patient, shown, Action.LIST)
    context = {
        **admin.site.each_context(request),
        "title": _title(choices, patient),
        "choices": choices,
        "problem": problem,
        "actions": Action.choices,
        "rows": _told(request, shown),
        "may_export": request.user.has_perm("audit.export_entry"),
        "query": _without_place(request.GET).urlencode(),
        "next": _address(request.GET, shown[-1]) if len(found) > SIZE else "",
    }
    return TemplateResponse(request, "workplace/ledger.html", context)


@fresh_sign_in_required
@require_GET
def ledger_export(request: HttpRequest) -> Any:
    """The same choice as CSV. The entry that says so is committed before the first line goes out."""
    _require(request, "audit.export_entry")
    choices = Choices.of(request.GET)
    patient, problem = _patient(choices)
    if problem:
        return HttpResponse(problem, status=404, content_type="text/plain")
    _record(patient, [], Action.EXPORT)
    zone = timezone.get_current_timezone()

    def find() -> EntryQuerySet:
        # Asked when the page is done with, and with it the clinic's zone.
        with timezone.override(zone):
            return choices.entries(patient)

    scope = request.principal.scope  # type: ignore[attr-defined]
    headers = {"Content-Disposition": 'attachment; filename="audit-ledger.csv"'}
    return StreamingHttpResponse(csv_lines(scope, find), content_type="text/csv; charset=utf-8", headers=headers)


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _record(patient: Patient | None, shown: list[Entry], action: Action) -> None:
    """Looking into the ledger is a look at those of whom it tells."""
    patient_ids = None if patient else sorted({number for entry in shown for number in entry.all_patient_ids})
    record_look(
        kind=LEDGER,
        object_id=patient.code if patient else "",
        patient_id=patient.pk if patient else None,
        patient_ids=patient_ids,
        action=action,
        always=action is Action.EXPORT,
    )


def _patient(choices: Choices) -> tuple[Patient | None, str]:
    if not choices.patient:
        return None, ""
    patient: Patient | None = Patient.objects.with_code(choices.patient).first()
    return patient, "" if patient else "There is no patient with this code."


def _title(choices: Choices, patient: Patient | None) -> str:
    if patient is not None:
        return f"Who saw {patient}"
    if choices.person:
        member = Membership.objects.of_person(uuid.UUID(choices.person)).first()
        return f"What {member.name if member else 'this person'} did"
    if choices.object_type and choices.object_id:
        return f"History of {OBJECT_TYPES[choices.object_type]} {_name(choices)}"
    return "Audit ledger"


def _name(choices: Choices) -> str:
    if choices.object_type not in PEOPLE or not _uuid(choices.object_id):
        return choices.object_id
    member = Membership.objects.of_person(uuid.UUID(choices.object_id)).first()
    return member.name if member else choices.object_id


def _told(request: HttpRequest, shown: list[Entry]) -> list[dict[str, Any]]:
    names = _names_of_people(shown)
    patients = Patient.objects.in_bulk({number for entry in shown for number in entry.all_patient_ids})
    return [
        {
            "entry": entry,
            "action": action_words(entry),
            "patients": [patients[number] for number in entry.all_patient_ids if number in patients],
            "changes": [
                (field_words(entry.object_type, change.field), value_words(change.old), value_words(change.new))
                for change in changes_of(entry, may_open=lambda kind: _may_read(request, kind))
            ],
            "role": entry.actor_role if entry.actor_role != entry.actor_name else "",
            "kind": object_words(entry.object_type),
            "name": names.get(entry.object_id) or ("" if _uuid(entry.object_id) else entry.object_id),
            "has_id": bool(_uuid(entry.object_id)),
            "is_person": entry.actor_kind == "person",
        }
        for entry in shown
    ]


def _names_of_people(shown: list[Entry]) -> dict[str, str]:
    """Entries name people by an id, which tells a reader nothing."""
    ids = {entry.object_id for entry in shown if entry.object_type in PEOPLE and _uuid(entry.object_id)}
    members = Membership.objects.filter(user_public_id__in=ids) if ids else []
    return {str(member.user_public_id): member.name for member in members}


def _may_read(request: HttpRequest, object_type: str) -> bool:
    """Sealed values open for whoever may read the record itself."""
    app, _, model = object_type.partition(".")
    return bool(request.user.has_perm(f"{app}.view_{model}"))


def _without_place(sent: QueryDict) -> QueryDict:
    query = sent.copy()
    query.pop("after", None)
    return query


def _address(sent: QueryDict, last: Entry) -> str:
    following = _without_place(sent)
    following["after"] = f"{last.at.astimezone(UTC).isoformat()}~{last.id}"
    return following.urlencode()


def _place(text: str) -> tuple[datetime, int] | None:
    at, _, number = text.partition("~")
    try:
        instant = parse_datetime(at)
    except ValueError:
        return None
    digits = number.isascii() and number.isdigit() and len(number) < 19
    return (instant, int(number)) if digits and instant is not None and instant.tzinfo is not None else None


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and 1970 <= day.year < 9999 else None


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""
