from __future__ import annotations

import os

import psycopg
import pytest
from django.db import transaction

from accounts import registration
from accounts.models import User
from accounts.registration import register
from accounts.services import add_member
from accounts.tasks import forget_unconfirmed_accounts_task
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "heron-over-the-still-pond"
STALE = ["anna@meadow.example", "bert@meadow.example", "carl@meadow.example"]


def of_long_ago(email: str, changes: str = "") -> None:
    """Registered 31 days ago; the role that serves could not set the clock back."""
    register(email=email, password=PASSWORD)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        set_back = f"UPDATE accounts_user SET created_at = now() - interval '31 days' {changes} WHERE email = %s"
        assert owner.execute(set_back, [email]).rowcount == 1


def left(emails: list[str]) -> list[str]:
    return [email for email in emails if User.objects.with_email(email)]


def test_accounts_that_nobody_confirmed_go(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "FORGOTTEN_AT_ONCE", 2)
    for email in STALE:
        of_long_ago(email)
    assert left(STALE) == STALE
    forget_unconfirmed_accounts_task()
    assert left(STALE) == []
    register(email=STALE[0], password=PASSWORD)
    forget_unconfirmed_accounts_task()
    assert left(STALE) == STALE[:1]


@pytest.mark.parametrize(
    "changes", [", email_verified_at = now()", ", support_name = 'Sam Support'", ", is_active = false"]
)
def test_others_stay(db: None, changes: str) -> None:
    of_long_ago(STALE[0], changes)
    forget_unconfirmed_accounts_task()
    assert left(STALE) == STALE[:1]


def test_whoever_a_clinic_admitted_stays(northside: Clinic) -> None:
    of_long_ago(STALE[0])
    with northside.scope(), transaction.atomic():
        add_member(email=STALE[0], name="Anna", role="nurse")
    forget_unconfirmed_accounts_task()
    assert left(STALE) == STALE[:1]
