from __future__ import annotations

import pytest

from accounts.tests.plans.plans import standing
from tests.clinics import Clinic
from tests.commands import run_command

pytestmark = [pytest.mark.django_db, pytest.mark.promise(7)]
NORTH = ("--organization", "northside")


def test_an_operator_gives_a_plan_and_makes_invoices(northside: Clinic, southside: Clinic) -> None:
    told = run_command("billing", "set-plan", "clinic", *NORTH, "--amount", "49.00", "--currency", "CHF")
    assert told.out.startswith("northside: clinic, active")
    made = run_command("billing", "invoice", *NORTH, "--amount", "120", "--due", "2026-01-31").out
    number = made.partition(":")[0]
    assert "120 CHF, due 2026-01-31" in made
    status = run_command("billing", "status").out
    assert number in status
    assert "southside: unlimited, active" in status
    assert f"{number} is paid." in run_command("billing", "mark-paid", number, *NORTH).out
    assert "paid already" in run_command("billing", "mark-paid", number, *NORTH).error
    assert "refunded" in run_command("billing", "close", number, *NORTH, "--status", "refunded").out
    # Of the other clinic neither the invoice nor a subscription is there.
    other = run_command("billing", "mark-paid", number, "--organization", "southside")
    assert "There is no invoice" in other.error
    assert "no subscription" in run_command("billing", "invoice", "--organization", "southside", "--amount", "1").error
    assert "10000" in run_command("billing", "set-plan", "clinic", *NORTH, "--amount", "10000.01").error
    assert standing(southside).subscription is None
