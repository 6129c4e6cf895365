"""All connections of the clinic: how many stand how, how old their data are, and which need somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.services import record_look
from dexcom_sync.applications import offered_regions
from dexcom_sync.fleet import Fleet, budgets, fleet, is_stale, quantile, stale_after, staleness, waiting_by_reason
from dexcom_sync.models import Connection, Region
from dexcom_sync.wording import error_sentence
from reports.dexcom_pages.panel import VIEWING
from reports.dexcom_pages.words import age_words

SIZE = 50
STATES = {"": "All but withdrawn", **dict(Connection.Status.choices)}
_REASONS = {
    "not_an_object": "not in the form of a record",
    "time_unreadable": "the time cannot be read",
    "time_too_far_ahead": "the time lies in the future",
    "value_unreadable": "the value cannot be read",
    "value_out_of_bounds": "the value is beyond anything possible",
    "unit_unknown": "an unknown unit",
    "unit_contradicts_value": "the unit does not fit the value",
    "text_cannot_be_stored": "a text that cannot be stored",
}


@dataclass(frozen=True, slots=True)
class Choices:
    state: str
    stale: bool
    error: bool
    page: str

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> Choices:
        state = query.get("state", "")
        return cls(
            state=state if state in STATES else "",
            stale=query.get("stale") == "1",
            error=query.get("error") == "1",
            page=query.get("page", "1"),
        )

    def connections(self, now: datetime) -> Any:
        found = Connection.objects.filter(status=self.state) if self.state else Connection.objects.standing()
        if self.stale:
            found = found.filter(is_stale(now))
        if self.error:
            found = found.exclude(last_error="")
        return found.select_related("patient").order_by("id")

    @property
    def is_any(self) -> bool:
        return bool(self.state or self.stale or self.error)

    @property
    def query(self) -> str:
        chosen = {"state": self.state, "stale": "1" if self.stale else "", "error": "1" if self.error else ""}
        return urlencode({name: value for name, value in chosen.items() if value})


@dataclass(frozen=True, slots=True)
class Row:
    connection: Connection
    error: str
    age: str
    is_stale: bool


@require_safe
def fleet_page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(VIEWING):
        raise PermissionDenied
    now, choices, found = timezone.now(), Choices.of(request.GET), fleet()
    page = Paginator(choices.connections(now), SIZE).get_page(choices.page)
    rows = [_row(connection, now) for connection in page]
    record_look(kind="dexcom_sync.connection", patient_ids=sorted({row.connection.patient_id for row in rows}))
    context = {
        **admin.site.each_context(request),
        "title": "Dexcom",
        "is_offered": bool(offered_regions()),
        "is_empty": not found.by_status,
        "counts": [(Connection.Status(name), found.by_status.get(name, 0)) for name in Connection.Status.values],
        "ages": _ages(found),
        "without_data": found.without_data,
        "budgets": [(Region(one.region).label, one) for one in budgets()],
        "quarantined": [(resource, _reason(reason), number) for resource, reason, number in waiting_by_reason()],
        "rows": rows,
        "page": page,
        "choices": choices,
        "states": STATES,
        "stale_after": age_words(stale_after()),
    }
    return TemplateResponse(request, "workplace/dexcom_fleet.html", context)


def _row(connection: Connection, now: datetime) -> Row:
    through = connection.data_through
    late = staleness(connection.region, through, now) if through else timedelta(0)
    return Row(
        connection=connection,
        error=error_sentence(connection.last_error),
        age=age_words(now - through) if through else "",
        is_stale=connection.status in Connection.POLLED and late > stale_after(),
    )


def _ages(found: Fleet) -> list[tuple[str, str, str, int]]:
    return [
        (
            Region(region).label,
            age_words(timedelta(seconds=quantile(ages, 0.5))),
            age_words(timedelta(seconds=quantile(ages, 0.95))),
            len(ages),
        )
        for region, ages in sorted(found.ages.items())
    ]


def _reason(code: str) -> str:
    """With the member of the record in brackets."""
    reason, _, member = code.partition(":")
    words = _REASONS.get(reason, reason)
    return f"{words} ({member})" if member else words
