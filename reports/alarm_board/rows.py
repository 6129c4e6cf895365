"""The lines of the board: what a page of them needs is read in a few statements, however many lines there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString

from alerts.api.naming import words_of
from alerts.deliveries.planning import STEPS
from alerts.engine.doubts import in_words
from alerts.engine.measures import value_words
from alerts.models import Episode, Severity, Snooze
from alerts.services.acts import LONGEST_CRITICAL_SNOOZE, LONGEST_SNOOZE
from alerts.services.emergency import emergency_words
from reports.alarm_board.wording import STATES, clock_words, glucose_words, severity_mark
from reports.glucose_queries import states_of, target_of
from reports.wording import LastValue, last_value
from tenancy.models import Organization
from tenancy.wording import age_words

SNOOZES = (5, 15, 30, 60, 120)


@dataclass(slots=True)
class Row:
    episode: Episode
    mark: SafeString
    severity: str
    rule_words: str
    measured: str
    since: str
    age: str
    state: str
    last: LastValue | None
    worst: str
    escalation: str
    acknowledged: str
    snooze_choices: list[int]
    snoozed_for_me: str = ""
    snoozed_by: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def is_critical(self) -> bool:
        return self.episode.severity == Severity.CRITICAL


def rows_of(episodes: Sequence[Episode], clinic: Organization, *, member_id: int | None, now: datetime) -> list[Row]:
    """``episodes`` with their patients and people."""
    unit = clinic.glucose_unit
    values = states_of({episode.patient_id for episode in episodes})
    mine, others = _snoozes(episodes, member_id, now)
    said: dict[str, str] = {}
    rows = []
    for episode in episodes:
        patient, condition = episode.patient, episode.rule.get("condition")
        is_emergency = episode.kind == Episode.Kind.EMERGENCY
        words = said.setdefault(str(condition), "" if is_emergency else words_of(condition, unit) or "")
        value = values.get(episode.patient_id)
        begun = episode.confirmed_at or episode.opened_at
        rows.append(
            Row(
                episode=episode,
                mark=severity_mark(episode.severity),
                severity=Severity(episode.severity).label,
                rule_words=emergency_words(patient) if is_emergency else words,
                measured=value_words(episode.metric, episode.value),
                since=clock_words(begun, patient.zone, now=now),
                age=age_words(now - begun),
                state=STATES[Episode.State(episode.state)],
                last=last_value(value, unit=unit, target=target_of(patient), now=now) if value else None,
                worst=glucose_words(episode.worst_glucose, unit),
                escalation=escalation_words(episode, now),
                acknowledged=acknowledged_words(episode, now),
                snooze_choices=snooze_choices(episode),
                snoozed_for_me=clock_words(mine[episode.pk], now=now) if episode.pk in mine else "",
                snoozed_by=others.get(episode.pk, []),
                doubts=in_words(episode.doubts),
            )
        )
    return rows


def snooze_choices(episode: Episode) -> list[int]:
    longest = LONGEST_CRITICAL_SNOOZE if episode.severity == Severity.CRITICAL else LONGEST_SNOOZE
    return [minutes for minutes in SNOOZES if minutes <= longest]


def acknowledged_words(episode: Episode, now: datetime) -> str:
    if episode.acknowledged_at is None:
        return ""
    by = episode.acknowledged_by.name if episode.acknowledged_by else "Somebody"
    return f"{by}, {clock_words(episode.acknowledged_at, now=now)}"


def escalation_words(episode: Episode, now: datetime) -> str:
    """Empty where nobody beyond the first contacts was told, or will be."""
    if episode.acknowledged_at is not None or not episode.is_open:
        return ""
    words = f"Level {episode.escalation_level} of {len(STEPS)} told" if episode.escalation_level else ""
    if then := episode.next_escalation_at:
        next_one = f"level {episode.escalation_level + 1} is told at {clock_words(then, now=now)}"
        words = f"{words}; {next_one}" if words else next_one.capitalize()
    return words


def _snoozes(
    episodes: Iterable[Episode], member_id: int | None, now: datetime
) -> tuple[dict[int, datetime], dict[int, list[str]]]:
    """Until when it is silent for this person, and for whom else."""
    mine: dict[int, datetime] = {}
    others: dict[int, list[str]] = {}
    found: Any = Snooze.objects.filter(episode_id__in=[episode.pk for episode in episodes], until__gt=now)
    for snooze in found.select_related("member").order_by("until"):
        if snooze.member_id == member_id:
            mine[snooze.episode_id] = snooze.until
        else:
            words = f"{snooze.member.name} until {clock_words(snooze.until, now=now)}"
            others.setdefault(snooze.episode_id, []).append(words)
    return mine, others
