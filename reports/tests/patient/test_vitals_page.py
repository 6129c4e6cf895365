from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.roles import Role
from audit.models import Entry
from reports.patient.vitals.chart import axis_for
from tests.clinics import Clinic
from vitals.catalogue import Metric
from vitals.models import Measurement, Observation
from vitals.tests.measuring import measure

pytestmark = pytest.mark.django_db
OBSERVED = {
    **{"respiratory_rate": "22", "blood_oxygen": "95", "oxygen": "air", "systolic": "118", "diastolic": "74"},
    **{"heart_rate": "96", "consciousness": "alert", "body_temperature": "38.2", "note": "after a walk"},
}


def page_of(clinic: Clinic, name: str = "vitals", patient: int = 0) -> str:
    return reverse(f"admin:patients_patient_{name}", args=[clinic.patients[patient].pk])


def words_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_newest_values_and_courses_are_shown(northside: Clinic, southside: Clinic) -> None:
    now = datetime.now(UTC)
    for clinic, base in ((northside, 60.0), (southside, 160.0)):
        with clinic.scope(), transaction.atomic():
            measure(
                clinic.patients[0],
                Metric.HEART_RATE,
                [(now - timedelta(days=day, minutes=5), base + (9 if day < 7 else 0)) for day in range(14)],
            )
            measure(clinic.patients[0], Metric.BLOOD_PRESSURE, [(now - timedelta(hours=2), base + 60, base + 20)])
    words = words_of(northside.admin(Role.NURSE).get(page_of(northside), {"days": "7"}))

    assert "Heart rate" in words
    assert "120/80" in words
    assert "Up (+15%) against the 7 days before." in words
    assert "Nothing was measured in the 7 days before." in words
    assert words.count('class="vital-former"') == 1
    assert "169" not in words
    with northside.scope():
        assert Entry.objects.filter(object_type="vitals.measurement", patient_id=northside.patients[0].pk).exists()


def test_an_empty_page_says_so(northside: Clinic) -> None:
    words = words_of(northside.admin(Role.VIEWER).get(page_of(northside)))

    assert "Nothing was measured yet besides glucose." in words
    assert "Nobody has entered observations yet." in words
    assert "Enter observations" not in words


def test_observations_are_entered_and_scored(northside: Clinic) -> None:
    nurse = northside.admin(Role.NURSE)
    answer = nurse.post(page_of(northside, "observe"), OBSERVED, follow=True)
    words = words_of(answer)

    assert "Early warning score 5." in words
    assert "Medium risk." in words
    assert "after a walk" in words
    nurse.post(page_of(northside, "observe"), {"heart_rate": "70"})
    words = words_of(nurse.get(page_of(northside)))
    assert "No score: respiratory rate, oxygen saturation" in words
    assert "Scores before" in words


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"heart_rate": "999"}, "less than or equal to 350"),
        ({"diastolic": "130"}, "below the systolic"),
        ({"heart_rate": "quick"}, "Enter a number"),
    ],
)
def test_a_refused_form_keeps_what_was_entered(northside: Clinic, changes: dict[str, str], problem: str) -> None:
    answer = northside.admin(Role.NURSE).post(page_of(northside, "observe"), OBSERVED | changes)

    assert answer.status_code == 422
    assert problem in words_of(answer)
    assert 'value="after a walk"' in words_of(answer)
    with northside.scope():
        assert not Observation.objects.exists()


def test_measurements_are_entered_in_other_units_and_taken_back(northside: Clinic, southside: Clinic) -> None:
    nurse = northside.admin(Role.NURSE)
    sent = {
        "kind": "body_temperature",
        "value": "100,4",
        "unit": "°F",
        "measured_at": "2026-05-04T08:30",
        "notes": "ear",
    }
    words = words_of(nurse.post(page_of(northside, "measure"), sent, follow=True))
    assert "Body temperature 38.0 °C" in words
    assert "ear" in words
    for wrong, says in (
        ({"kind": "blood_pressure", "value": "120"}, "of blood pressure two"),
        ({"value": "500"}, "°F"),
        ({"unit": "parsec"}, "parsec"),
        ({"measured_at": "2126-05-04T08:30"}, "future"),
    ):
        answer = nurse.post(page_of(northside, "measure"), sent | wrong)
        assert (answer.status_code, says in words_of(answer)) == (422, True), wrong
    with northside.scope():
        row = Measurement.objects.get()
    foreign = southside.admin(Role.NURSE).post(page_of(southside, "unmeasure"), {"measurement": str(row.public_id)})
    assert foreign.status_code == 404
    assert northside.admin(Role.VIEWER).post(page_of(northside, "unmeasure"), {"measurement": "x"}).status_code == 403
    nurse.post(page_of(northside, "unmeasure"), {"measurement": str(row.public_id)})
    with northside.scope():
        assert not Measurement.objects.exists()


def test_who_may_observe(northside: Clinic, southside: Clinic) -> None:
    assert northside.admin(Role.VIEWER).post(page_of(northside, "observe"), OBSERVED).status_code == 403
    assert northside.admin(Role.NURSE).get(page_of(northside, "observe")).status_code == 405
    assert northside.admin(Role.NURSE).post(page_of(southside, "observe"), OBSERVED).status_code == 404
    assert northside.admin(Role.NURSE).get(page_of(southside)).status_code == 404
    empty = northside.admin(Role.NURSE).post(page_of(northside, "observe"), {})
    assert "Enter at least one value" in words_of(empty)


@pytest.mark.parametrize(
    ("low", "high", "decimals", "ticks"),
    [
        (61, 94, 0, (60, 70, 80, 90, 100)),
        (36.6, 37.2, 1, (36.6, 36.8, 37.0, 37.2)),
        (70, 70, 0, (69, 70, 71)),
        (0, 12_000, 0, (0, 5000, 10_000, 15_000)),
        (0, 0, 0, (-1, 0, 1)),
    ],
)
def test_ticks_are_round_and_hold_all_values(low: float, high: float, decimals: int, ticks: tuple[float, ...]) -> None:
    axis = axis_for(low, high, decimals)

    assert axis.ticks == pytest.approx(ticks)
    assert axis.ticks[0] <= low <= high <= axis.ticks[-1]


def test_the_newest_score_of_a_day_is_shown_with_its_parts(northside: Clinic, southside: Clinic) -> None:
    noon = datetime.now(UTC) - timedelta(days=1)
    for clinic, steps in ((northside, 4000), (southside, 8000)):
        with clinic.scope(), transaction.atomic():
            for metric, value in ((Metric.STEPS, steps), (Metric.SLEEP_DURATION, 480), (Metric.MOOD, 5)):
                measure(clinic.patients[0], metric, [(noon, value)])
    words = words_of(northside.admin(Role.VIEWER).get(page_of(northside)))

    # (50 x 20 + 100 x 20 + 100 x 10) / 50
    assert "<strong>80</strong> of 100" in words
    assert "Left out, as nothing is known of it: glucose, heart, blood pressure." in words
    assert "4000 steps" in words
