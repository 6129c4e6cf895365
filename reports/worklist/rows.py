"""A page of the list: what it shows beyond the ranking is read in a few statements, however many patients it has."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from accounts.models import Membership
from alerts.models import Episode
from analytics.gri import zone_of
from dexcom_sync.models import Connection
from patients.models import Consent, Patient
from reports.alarm_board.choices import most_urgent_first
from reports.models import CareState
from reports.worklist.loading import LOST, NEEDED_CONSENTS
from reports.worklist.points import REASONS, Ranking, Reason, Standing
from reports.worklist.words import Clock, Live, is_pregnancy, low_limit, reason_words


@dataclass(frozen=True, slots=True)
class Told:
    """``rests``: it was known when the patient was seen, and counts nothing until then."""

    reason: Reason
    points: float
    words: str
    rests: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Of 14 days, percentages of readings; None without readings. ``change``: of the risk index, None unless both
    periods suffice. In pregnancy the ranges are those of pregnancy, and there is no risk index.
    """

    is_sufficient: bool
    active: float
    in_range: float | None
    very_low: float | None
    low: float | None
    gri: float | None
    zone: str
    change: float | None
    low_limit: int
    is_pregnancy: bool
    data_until: datetime | None


@dataclass(frozen=True, slots=True)
class Row:
    patient: Patient
    need: float
    standing: Standing
    reasons: list[Told]
    figures: Figures
    assigned_to: Membership | None
    next_contact_on: date | None
    seen_at: datetime | None
    seen_by: Membership | None
    rests_until: date | None

    @property
    def is_resting(self) -> bool:
        return any(told.rests for told in self.reasons)


def rows_of(ranking: Ranking, places: Sequence[int], clock: Clock) -> list[Row]:
    """Of these places, in their order. Somebody who was archived a moment ago is left out."""
    ids = [int(ranking.facts.patient_ids[place]) for place in places]
    patients = Patient.objects.in_bulk(ids)
    states = {state.patient_id: state for state in _states(ids)}
    live = _live(ids)
    return [
        _row(ranking, int(place), patients[number], states.get(number), live, clock)
        for place, number in zip(places, ids, strict=True)
        if number in patients
    ]


def _row(ranking: Ranking, place: int, patient: Patient, state: CareState | None, live: Live, clock: Clock) -> Row:
    return Row(
        patient=patient,
        need=float(ranking.need[place]),
        standing=Standing(int(ranking.standing[place])),
        reasons=told(ranking, place, live, clock),
        figures=figures(ranking, place),
        assigned_to=state.assigned_to if state else None,
        next_contact_on=state.next_contact_on if state else None,
        seen_at=state.seen_at if state else None,
        seen_by=state.seen_by if state else None,
        rests_until=state.rests_until if state and ranking.facts.rests_until[place] > 0 else None,
    )


def told(ranking: Ranking, place: int, live: Live, clock: Clock) -> list[Told]:
    """The weightiest first, those that rest at the end."""
    found = [
        Told(
            reason=reason,
            points=round(float(ranking.points[place, number]), 1),
            words=reason_words(reason, ranking, place, live, clock),
            rests=bool(ranking.rests[place, number]),
        )
        for number, reason in enumerate(REASONS)
        if ranking.points[place, number] > 0
    ]
    return sorted(found, key=lambda one: (one.rests, -one.points))


def figures(ranking: Ranking, place: int) -> Figures:
    recent, in_pregnancy = ranking.recent, is_pregnancy(ranking, place)
    gri = _known(recent.gri[place])
    newest = _known(ranking.facts.newest_reading[place])
    return Figures(
        is_sufficient=bool(recent.is_sufficient[place]),
        active=float(recent.active[place]),
        in_range=_known((recent.in_pregnancy_range if in_pregnancy else recent.in_range)[place]),
        very_low=_known(recent.very_low[place]),
        low=_known(recent.below_63[place] if in_pregnancy else recent.very_low[place] + recent.low[place]),
        gri=gri,
        zone="" if gri is None else zone_of(gri),
        change=_known(ranking.change[place]),
        low_limit=low_limit(ranking, place),
        is_pregnancy=in_pregnancy,
        data_until=None if newest is None else datetime.fromtimestamp(newest, UTC),
    )


def _live(ids: Sequence[int]) -> Live:
    alarms: dict[int, list[Any]] = {}
    episodes: Any = Episode.objects.alarming().confirmed().filter(patient_id__in=ids)
    # What nobody has acknowledged first: it is what the reason says.
    for episode in _waiting_first(most_urgent_first(episodes).select_related("acknowledged_by")):
        alarms.setdefault(episode.patient_id, []).append(episode)
    connections = Connection.objects.filter(patient_id__in=ids, status__in=LOST)
    consents = list(Consent.objects.filter(patient_id__in=ids, kind__in=NEEDED_CONSENTS).order_by("withdrawn_at"))
    given = {(consent.patient_id, consent.kind) for consent in consents if consent.withdrawn_at is None}
    return Live(
        alarms=alarms,
        connections={connection.patient_id: connection for connection in connections},
        consents={one.patient_id: one for one in consents if (one.patient_id, one.kind) not in given},
    )


def _waiting_first(episodes: Iterable[Episode]) -> list[Episode]:
    return sorted(episodes, key=lambda episode: episode.acknowledged_at is not None)


def _states(ids: Sequence[int]) -> Iterable[CareState]:
    states: Iterable[CareState] = CareState.objects.filter(patient_id__in=ids).select_related("assigned_to", "seen_by")
    return states


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
