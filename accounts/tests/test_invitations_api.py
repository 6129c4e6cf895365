"""Offering a place in the clinic over REST."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.invitation_tokens import token_digest
from accounts.models import Invitation
from accounts.services import add_member, change_member
from accounts.tests.inviting import INVITATIONS, NEWCOMER, invite, invited, mailed_token, state
from tests.clinics import Clinic
from tests.rest import FORBIDDEN, NOT_FOUND, problems, send

pytestmark = pytest.mark.django_db

KEYS = {
    *("id", "email", "name", "role", "patient", "message", "state"),
    *("invitedBy", "createdAt", "expiresAt", "closedAt"),
}


@time_machine.travel("2026-05-01T12:00:00Z", tick=False)
def test_an_invitation_stands_for_seven_days(northside: Clinic, southside: Clinic) -> None:
    answer = invite(northside, email="Doctor@New.example", message="Welcome!")
    assert (answer.status_code, set(answer.json())) == (201, KEYS)
    body = answer.json()
    assert (body["email"], body["state"], body["message"]) == (NEWCOMER, "pending", "Welcome!")
    assert body["invitedBy"] == northside.people["owner"].name
    assert (body["createdAt"], body["expiresAt"]) == ("2026-05-01T12:00:00Z", "2026-05-08T12:00:00Z")
    listed = northside.api("admin").get(INVITATIONS, {"state": "pending"}).json()["items"]
    assert body in listed
    assert "southside" not in str(listed)


@pytest.mark.parametrize(("days", "status"), [(0, 422), (1, 201), (30, 201), (31, 422)])
def test_the_term_is_1_to_30_days(northside: Clinic, days: int, status: int) -> None:
    assert invite(northside, days=days).status_code == status


@pytest.mark.promise(22)
def test_inviting_asks_and_answers_the_same_for_every_address(northside: Clinic, southside: Clinic) -> None:
    """The invited address is not looked up among the accounts at all."""
    seen = []
    for email in ("nobody@new.example", southside.people["nurse"].email):
        with CaptureQueriesContext(connection) as queries:
            answer = invite(northside, email=email)
        assert not [query for query in queries if "accounts_user_by_email" in query["sql"]]
        body = answer.json()
        names = ("id", "email", "createdAt", "expiresAt")
        seen.append((answer.status_code, len(queries), {key: body[key] for key in body if key not in names}))
    assert seen[0] == seen[1]


def test_one_invitation_for_an_address_waits(northside: Clinic, southside: Clinic) -> None:
    assert invite(northside).status_code == 201
    again = invite(northside, email=NEWCOMER.upper(), role="nurse")
    assert (again.status_code, again.json()) == (409, {"detail": "This person has an invitation already."})
    assert invite(southside).status_code == 201


def test_an_expired_invitation_is_in_nobodys_way(northside: Clinic) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False):
        first = invite(northside).json()["id"]
    with time_machine.travel("2026-05-08T12:00:00Z", tick=False):
        items = northside.api("owner").get(INVITATIONS, {"state": "expired"}).json()["items"]
        assert [item["id"] for item in items] == [first]
        assert invite(northside).status_code == 201
    with northside.scope(), transaction.atomic():
        assert Invitation.objects.get(public_id=first).state == "expired"


def test_members_are_not_invited_and_former_ones_are(northside: Clinic) -> None:
    nurse = northside.people["nurse"]
    answer = invite(northside, email=nurse.email.upper())
    assert (answer.status_code, answer.json()) == (409, {"detail": "This person is a member of the clinic already."})
    assert northside.api("owner").delete(f"/api/v1/users/{nurse.user_public_id}").status_code == 204
    assert invite(northside, email=nurse.email).status_code == 201


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"email": "nowhere"}, ("invalid", ["body", "email"])),
        ({"name": ""}, ("blank", ["body", "name"])),
        ({"role": "king"}, ("invalid_choice", ["body", "role"])),
        ({"role": "patient"}, ("invalid", ["body", "role"])),
        ({"role": "patient", "patient": "nowhere"}, ("unknown", ["body", "patient"])),
        ({"message": "x" * 501}, ("max_length", ["body", "message"])),
        ({"token": "mine"}, ("extra_forbidden", ["body", "token"])),
    ],
)
def test_who_cannot_be_invited(northside: Clinic, changes: dict[str, Any], expected: Any) -> None:
    assert problems(invite(northside, **changes)) == [expected]


def test_only_an_owner_invites_an_owner(northside: Clinic) -> None:
    assert invite(northside, by="admin", role="owner").status_code == 403
    made = invite(northside, by="owner", role="owner").json()
    for method, path in (("DELETE", made["id"]), ("POST", f"{made['id']}/resend")):
        assert send(northside.api("admin"), method, f"{INVITATIONS}/{path}", {}).status_code == 403
    assert send(northside.api("owner"), "POST", f"{INVITATIONS}/{made['id']}/resend", {}).status_code == 200


@pytest.mark.parametrize("role", ["clinician", "nurse", "viewer", "patient"])
def test_others_do_not_invite(northside: Clinic, role: str) -> None:
    assert (invite(northside, by=role).status_code, invite(northside, by=role).json()) == (403, FORBIDDEN)
    assert northside.api(role).get(INVITATIONS).status_code == 403


def test_the_mail_carries_a_token_that_no_row_holds(northside: Clinic) -> None:
    token = invited(northside, message="See you on Monday.")
    (message,) = mail.outbox
    assert message.to == [NEWCOMER]
    assert message.subject == f"Invitation to {northside.organization.name}"
    for words in ("Doctor New", "Owner CANARY-NORTH invites you", "as clinician", "See you on Monday."):
        assert words in message.body
    with northside.scope(), transaction.atomic():
        row = Invitation.objects.filter(email=NEWCOMER).values().get()
    assert bytes(row["digest"]) == token_digest(token)
    assert token not in str(row)


@pytest.mark.django_db(transaction=True)
def test_the_workers_message_names_the_invitation_by_its_key_only(
    northside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accounts.tasks import mail_invitation_task

    sent: list[Any] = []
    monkeypatch.setattr(mail_invitation_task, "apply_async", lambda **options: sent.append(options["kwargs"]))
    made = invite(northside).json()
    with northside.scope(), transaction.atomic():
        assert sent == [{"invitation_id": Invitation.objects.get(public_id=made["id"]).pk}]


def test_sending_again_makes_a_new_link_and_a_new_term(northside: Clinic) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False):
        made = invite(northside).json()
        former = mailed_token(northside, made["id"])
    with time_machine.travel("2026-05-05T12:00:00Z", tick=False):
        answer = send(northside.api("admin"), "POST", f"{INVITATIONS}/{made['id']}/resend", {"days": 14})
        assert (answer.status_code, answer.json()["expiresAt"]) == (200, "2026-05-19T12:00:00Z")
        token = mailed_token(northside, made["id"])
        assert token != former
        declined = send(northside.device_api(), "POST", "/api/v1/auth/invitations/decline", {"token": former})
        assert declined.status_code == 410
        assert state(northside) == "pending"


def test_an_invitation_that_was_taken_back_is_void(northside: Clinic) -> None:
    made = invite(northside).json()
    token = mailed_token(northside, made["id"])
    owner = northside.api("owner")
    assert owner.delete(f"{INVITATIONS}/{made['id']}").status_code == 204
    assert state(northside) == "cancelled"
    assert owner.delete(f"{INVITATIONS}/{made['id']}").status_code == 422
    assert send(owner, "POST", f"{INVITATIONS}/{made['id']}/resend", {}).status_code == 422
    answer = send(northside.device_api(), "POST", "/api/v1/auth/invitations/decline", {"token": token})
    assert (answer.status_code, answer.json()) == (410, {"detail": "The clinic has taken this invitation back."})


def test_another_clinics_invitations_are_unknown(northside: Clinic, southside: Clinic) -> None:
    made = invite(southside).json()["id"]
    for method, path in (("DELETE", made), ("POST", f"{made}/resend"), ("DELETE", "no-uuid")):
        answer = send(northside.api("owner"), method, f"{INVITATIONS}/{path}", {})
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert state(southside) == "pending"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("by", "invited_role", "changes", "state"),
    [
        ("owner", "owner", {"role": "admin"}, "cancelled"),
        ("owner", "nurse", {"role": "admin"}, "pending"),
        ("admin", "nurse", {"role": "nurse"}, "cancelled"),
        ("admin", "nurse", {"is_active": False}, "cancelled"),
        ("admin", "nurse", {"name": "Another name"}, "pending"),
    ],
)
def test_invitations_do_not_outlive_the_right_to_make_them(
    northside: Clinic, by: str, invited_role: str, changes: dict[str, Any], state: str
) -> None:
    answer = invite(northside, by=by, role=invited_role)
    assert answer.status_code == 201
    with northside.scope():
        add_member(email="second@northside.example", name="Second", role="owner")
        change_member(membership=northside.people[by], changes=changes)
        assert Invitation.objects.get(public_id=answer.json()["id"]).state == state
