from __future__ import annotations

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connections

from accounts.models import User
from accounts.one_time.services import has_device
from audit.models import Entry
from tests.commands import run_command
from tests.second_factor import set_up_second_factor

WITH_OWNER = pytest.mark.django_db(databases=["default", "owner"])


@pytest.mark.promise(24)
def test_an_operator_resets_a_lost_second_factor(northside):
    user = User.objects.with_id(northside.people["nurse"].user_id)
    assert user
    set_up_second_factor(user)
    reset = ["reset_second_factor", "--email", user.email, "--reason", "called back"]
    assert "is gone" in run_command(*reset).out
    assert not has_device(user)
    with northside.scope():
        entry = Entry.objects.filter(action="second_factor").latest("id")
    assert (entry.reason, entry.actor_kind) == ("reset by an operator: called back", "system")
    assert [message.to for message in mail.outbox] == [[user.email]]
    assert "has no second factor" in run_command(*reset).error
    nobody = run_command("reset_second_factor", "--email", "nobody@northside.example", "--reason", "x")
    assert "There is no account" in nobody.error


@WITH_OWNER
@pytest.mark.promise(58)
def test_support_people_are_named_by_the_owner_of_the_database():
    added = run_command("support_person", "add", "sam@platform.example", "--name", "Sam").out
    assert "/account/set-password/" in added
    assert "sam@platform.example  Sam" in run_command("support_person", "list").out
    user = User.objects.using("owner").get(email="sam@platform.example")
    assert (user.support_name, user.has_usable_password()) == ("Sam", False)
    renamed = run_command("support_person", "add", "SAM@platform.example", "--name", "Samuel").out
    assert "Samuel" in renamed
    assert "any more" in run_command("support_person", "remove", "sam@platform.example").out
    assert run_command("support_person", "list").out == ""
    assert "does not give support" in run_command("support_person", "remove", "sam@platform.example").error


def test_without_the_owners_url_the_command_says_what_to_set(db):
    # Back before the test ends: what Django shut for this test it opens again by the same list.
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(connections.databases, "owner")
        assert "Set DATABASE_OWNER_URL" in run_command("support_person", "list").error


@pytest.mark.parametrize(("command", "way"), [("createsuperuser", "create_organization"), ("changepassword", "link")])
def test_commands_of_django_that_do_not_fit_say_what_to_do_instead(command: str, way: str) -> None:
    with pytest.raises(CommandError, match=way):
        call_command(command)
