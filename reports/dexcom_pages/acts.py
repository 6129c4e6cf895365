"""What the panel's buttons do: each is one door of dexcom_sync.services, told in a sentence."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from dexcom_sync.models import Connection
from dexcom_sync.services import connecting, people
from dexcom_sync.services.reading_now import ask_to_read_now
from dexcom_sync.tasks import sync_now
from patients.models import Patient
from reports.alarm_board.access import acting_member
from reports.dexcom_pages.panel import ACCEPTING, CHANGING, CONNECTING, VIEWING, dexcom_section, region_named
from tenancy.tasks import send_task_after_commit

SHORTEST_REASON, LONGEST_REASON = 10, 500


def dexcom_part(request: HttpRequest, patient: Patient) -> HttpResponse:
    """The panel alone, which the page asks for while something is being read."""
    if not request.user.has_perm(VIEWING):
        raise PermissionDenied
    context = {"patient": patient, **dexcom_section(request, patient)}
    return TemplateResponse(request, "workplace/dexcom_panel.html", context)


def change_dexcom(request: HttpRequest, patient: Patient) -> HttpResponse:
    action = request.POST.get("action", "")
    back = reverse("admin:patients_patient_page", args=[patient.pk]) + "#dexcom"
    if action == "connect":
        return _connect(request, patient, back)
    permission, work = _ACTS.get(action, ("", None))
    if work is None or not request.user.has_perm(permission):
        raise PermissionDenied
    connection = Connection.objects.standing().of_patient(patient).first()
    if connection is None:
        raise Http404
    try:
        messages.success(request, work(request, connection))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    except people.NotPossible as refusal:
        messages.error(request, str(refusal))
    return HttpResponseRedirect(back)


def _connect(request: HttpRequest, patient: Patient, back: str) -> HttpResponse:
    if not request.user.has_perm(CONNECTING):
        raise PermissionDenied
    region = region_named(request.POST.get("region", ""))
    if region is None:
        messages.error(request, "Choose the region of the patient's Dexcom account.")
        return HttpResponseRedirect(back)
    _, address = connecting.begin(
        patient=patient,
        member=acting_member(request),
        region=region,
        session_key=request.session.session_key or "",
    )
    return HttpResponseRedirect(address)


def _sync(request: HttpRequest, connection: Connection) -> str:
    ask_to_read_now(connection=connection)
    send_task_after_commit(sync_now, connection_id=connection.pk)
    return "Dexcom is being asked for what is new."


def _pause(request: HttpRequest, connection: Connection) -> str:
    people.pause(connection=connection)
    return "The connection is paused. Nothing is read until somebody resumes it."


def _resume(request: HttpRequest, connection: Connection) -> str:
    people.resume(connection=connection)
    send_task_after_commit(sync_now, connection_id=connection.pk)
    return "The connection is in use again. What came in the meantime is read now."


def _disconnect(request: HttpRequest, connection: Connection) -> str:
    if request.POST.get("sure") != "yes":
        raise ValidationError("Tick that the tokens may be erased.")
    people.disconnect(connection=connection)
    return (
        "The connection is withdrawn and its tokens are erased; what was read stays. Ask the patient to remove the app "
        "in their Dexcom account as well."
    )


def _accept(request: HttpRequest, connection: Connection) -> str:
    # PostgreSQL takes no NUL in a text.
    reason = request.POST.get("reason", "").replace("\x00", "").strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise ValidationError(
            f"Say in {SHORTEST_REASON} to {LONGEST_REASON} letters how you made sure whose account it is."
        )
    people.accept_account(connection=connection, reason=reason)
    return "The account counts as this patient's from now on, and is read again."


_ACTS: dict[str, tuple[str, Callable[[HttpRequest, Connection], str]]] = {
    "sync": (CHANGING, _sync),
    "pause": (CHANGING, _pause),
    "resume": (CHANGING, _resume),
    "disconnect": (CHANGING, _disconnect),
    "accept": (ACCEPTING, _accept),
}
