"""Changing what alarms, with one question where it takes safety away."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.http import HttpRequest

from reports.alarm_rules.places import Place, sees_everybody
from reports.alarm_rules.weakening import Weakening, for_whom, standings, weakenings
from reports.clinic import current_clinic

# What the form that asks sends back.
CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Question:
    """``answer``: what to send as ``confirmed``. It fits these sentences and no others."""

    sentences: list[str]
    answer: str


class _Asked(Exception):
    def __init__(self, found: list[Weakening]) -> None:
        self.found = found


def question_before(request: HttpRequest, place: Place, work: Callable[[], object]) -> Question | None:
    """Do the work; or, where it makes a safety rule weaker and nobody has said yes, undo it and ask.

    The change itself says what it does: it is made, looked at, and taken back with its transaction.
    """
    unit = current_clinic(request).glucose_unit
    try:
        with transaction.atomic():
            before = standings(place)
            work()
            found = weakenings(before, standings(place), unit)
            if found and request.POST.get(CONFIRMED) != _answer(found):
                raise _Asked(found)
    except _Asked as asked:
        everybody = sees_everybody(request)
        sentences = [f"{for_whom(one, place, sees_everybody=everybody)}: {one.sentence}." for one in asked.found]
        return Question(sentences, _answer(asked.found))
    return None


def _answer(found: list[Weakening]) -> str:
    text = "\n".join(f"{one.code} {one.sentence} {one.groups}" for one in found)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
