from __future__ import annotations

import pytest

from readings.partitions import covered_until
from tests.clinics import Clinic
from tests.commands import run_command

pytestmark = pytest.mark.django_db


def test_makes_the_months_that_are_missing_and_tells_how_far_they_reach():
    before = covered_until()

    first = run_command("partitions", "--ahead", "5")
    again = run_command("partitions", "--ahead", "5")

    assert covered_until() > before
    assert "Made 2 months." in first.out
    assert f"{covered_until():%Y-%m-%d}" in first.out
    assert "Made 0 months." in again.out


def test_more_than_a_year_ahead_is_refused():
    assert "invalid choice: 13" in run_command("partitions", "--ahead", "13").error


def test_tells_the_size_of_the_history(northside: Clinic) -> None:
    found = run_command("partitions", "--drop-empty")
    assert found.error == ""
    assert "Dropped 0 empty months" in found.out
    assert "History: 1 table, " in found.out
    assert "Months: " in found.out
