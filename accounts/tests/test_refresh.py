from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import RefreshFamily, User
from accounts.services import change_member, deactivate_member, set_password
from tests.clinics import Clinic

REFRESH = "/api/v1/auth/refresh"
ME = "/api/v1/auth/me"


def refresh(client: Client, token: str):
    return client.post(REFRESH, {"refresh_token": token}, content_type="application/json")


@pytest.mark.promise(17)
@pytest.mark.django_db(transaction=True)
def test_twenty_refreshes_at_once_have_one_successor(live_url: str, northside: Clinic) -> None:
    token = northside.tokens("nurse").refresh
    with ThreadPoolExecutor(20) as pool, httpx.Client(base_url=live_url, timeout=30) as http:
        answers = list(pool.map(lambda _: http.post(REFRESH, json={"refresh_token": token}), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert RefreshFamily.objects.get().generation == 2


@pytest.mark.promise(17)
@pytest.mark.django_db(transaction=True)
def test_reuse_of_an_older_token_ends_the_sign_in_and_the_answer_cannot_undo_it(
    live_url: str, northside: Clinic
) -> None:
    first = northside.tokens("nurse")
    with httpx.Client(base_url=live_url, timeout=30) as http:
        second = http.post(REFRESH, json={"refresh_token": first.refresh}).json()
        third = http.post(REFRESH, json={"refresh_token": second["refresh_token"]}).json()
        assert http.post(REFRESH, json={"refresh_token": first.refresh}).status_code == 401
        family = RefreshFamily.objects.get()
        assert family.revoked_because == "reuse"
        assert http.post(REFRESH, json={"refresh_token": third["refresh_token"]}).status_code == 401
        for access in (first.access, third["access_token"]):
            assert http.get(ME, headers={"Authorization": f"Bearer {access}"}).status_code == 401


@pytest.mark.promise(17)
@pytest.mark.django_db
def test_a_lost_answer_does_not_sign_out_but_a_late_repeat_does(client: Client, northside: Clinic) -> None:
    token = northside.tokens("nurse").refresh
    with time_machine.travel(timezone.now(), tick=False) as clock:
        answer = refresh(client, token).json()
        assert refresh(client, token).json()["refresh_token"] == answer["refresh_token"]
        clock.shift(tokens.GRACE + timedelta(seconds=1))
        assert refresh(client, token).status_code == 401
        assert refresh(client, answer["refresh_token"]).status_code == 401


@pytest.mark.promise(18)
@pytest.mark.django_db
@pytest.mark.parametrize(("idle", "expected"), [(timedelta(days=29), 200), (timedelta(days=31), 401)])
def test_an_idle_sign_in_ends(client: Client, northside: Clinic, idle: timedelta, expected: int) -> None:
    token = northside.tokens("nurse").refresh
    with time_machine.travel(timezone.now() + idle, tick=False):
        assert refresh(client, token).status_code == expected


@pytest.mark.promise(18)
@pytest.mark.django_db
def test_a_sign_in_ends_after_sixty_days_whatever_its_use(client: Client, northside: Clinic) -> None:
    token = northside.tokens("nurse").refresh
    begun = timezone.now()
    for day, expected in ((20, 200), (40, 200), (59, 200), (61, 401)):
        with time_machine.travel(begun + timedelta(days=day), tick=False):
            answer = refresh(client, token)
            assert answer.status_code == expected
            token = answer.json().get("refresh_token", token)


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "glr_", "glr_x.1.y", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "é.1.é"])
def test_forged_tokens_are_refused(client: Client, token: str) -> None:
    assert refresh(client, token).status_code in {401, 422}


@pytest.mark.django_db
def test_a_changed_generation_breaks_the_signature(client: Client, northside: Clinic) -> None:
    token = northside.tokens("nurse").refresh
    family, generation, signature = token.split(".")
    assert refresh(client, f"{family}.{int(generation) + 1}.{signature}").status_code == 401
    assert refresh(client, token).status_code == 200


@pytest.mark.promise(16)
@pytest.mark.django_db
def test_tokens_do_not_stand_in_for_each_other(client: Client, northside: Clinic) -> None:
    issued = northside.tokens("nurse")
    assert refresh(client, issued.access).status_code in {401, 422}
    assert client.get(ME, headers={"Authorization": f"Bearer {issued.refresh}"}).status_code == 401


@pytest.mark.promise(19)
@pytest.mark.django_db
def test_signing_out_ends_both_tokens_of_this_sign_in_only(client: Client, northside: Clinic) -> None:
    issued, other = northside.tokens("nurse"), northside.tokens("nurse")
    signed_in = {"Authorization": f"Bearer {issued.access}"}
    assert client.post("/api/v1/auth/logout", headers=signed_in).status_code == 204
    assert client.get(ME, headers=signed_in).status_code == 401
    assert refresh(client, issued.refresh).status_code == 401
    assert client.get(ME, headers={"Authorization": f"Bearer {other.access}"}).status_code == 200


@pytest.mark.promise(19)
@pytest.mark.django_db
def test_a_new_password_ends_every_sign_in_of_the_person_and_nobody_elses(client: Client, northside: Clinic) -> None:
    issued, colleague = northside.tokens("nurse"), northside.tokens("viewer")
    user = User.objects.get_by_natural_key(northside.people["nurse"].email)

    set_password(user=user, password="wind-in-the-dry-reeds")

    assert refresh(client, issued.refresh).status_code == 401
    assert client.get(ME, headers={"Authorization": f"Bearer {issued.access}"}).status_code == 401
    assert refresh(client, colleague.refresh).status_code == 200


@pytest.mark.promise(14, 19)
@pytest.mark.django_db
def test_who_left_and_is_admitted_again_signs_in_anew(client: Client, northside: Clinic, southside: Clinic) -> None:
    issued, elsewhere = northside.tokens("nurse"), southside.tokens("nurse")
    with northside.scope():
        deactivate_member(membership=northside.people["nurse"])
        change_member(membership=northside.people["nurse"], changes={"is_active": True, "role": "admin"})

    assert refresh(client, issued.refresh).status_code == 401
    assert client.get(ME, headers={"Authorization": f"Bearer {issued.access}"}).status_code == 401
    assert refresh(client, elsewhere.refresh).status_code == 200
