from __future__ import annotations

from typing import Any

import bcrypt
import pytest
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher, PBKDF2PasswordHasher, identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from accounts import sign_in
from accounts.models import User
from accounts.services import in_own_scope, set_password
from tests.clinics import Clinic
from tests.rest import send

LOGIN = "/api/v1/auth/login"
LONG = "ä" * 40  # 80 bytes
TYPED = "four-words-and-a-heron"


def bcrypt_hash(password: str) -> str:
    return "bcrypt$" + bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def stored(clinic: Clinic, encoded: str) -> User:
    user = User.objects.with_id(clinic.people["nurse"].user_id)
    assert user
    in_own_scope(user, lambda: User.objects.filter(pk=user.pk).update(password=encoded))
    return user


def login(password: str, path: str = LOGIN) -> Any:
    body = {"email": "nurse@northside.example", "password": password}
    if path == LOGIN:
        return send(Client(), "POST", path, body)
    return Client().post(path, {"username": body["email"], "password": password})


OLD_HASHES = {
    "bcrypt": lambda: bcrypt_hash(TYPED),
    "bcrypt of SHA-256": lambda: BCryptSHA256PasswordHasher().encode(TYPED, bcrypt.gensalt(4)),  # type: ignore[arg-type]
    "PBKDF2": lambda: PBKDF2PasswordHasher().encode(TYPED, "salt", iterations=1000),
}


@pytest.mark.promise(23)
@pytest.mark.django_db
@pytest.mark.parametrize("path", [LOGIN, "/admin/login/"])
@pytest.mark.parametrize("name", ["bcrypt", "bcrypt of SHA-256", "PBKDF2"])
def test_an_older_hash_is_read_and_made_anew_at_sign_in(northside: Clinic, name: str, path: str) -> None:
    user = stored(northside, OLD_HASHES[name]())
    assert login("not-the-password", path).status_code in {401, 200}
    unchanged = User.objects.with_id(user.pk)
    assert unchanged
    assert identify_hasher(unchanged.password).algorithm != "argon2"

    assert login(TYPED, path).status_code in {200, 302}
    renewed = User.objects.with_id(user.pk)
    assert renewed
    assert identify_hasher(renewed.password).algorithm == "argon2"
    assert renewed.version == user.version
    assert login(TYPED).status_code == 200


@pytest.mark.promise(23)
@pytest.mark.django_db
def test_a_password_that_bcrypt_would_cut_is_refused(northside: Clinic) -> None:
    """The hash is of the first 72 bytes; both the whole and what begins alike would match it."""
    stored(northside, bcrypt_hash(LONG[:36]))
    assert login(LONG).status_code == 401
    assert login(LONG[:36] + "x").status_code == 401
    assert login(LONG[:36]).status_code == 200


@pytest.mark.django_db
def test_hashing_anew_does_not_bring_back_a_password_that_was_changed_meanwhile(
    northside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = stored(northside, bcrypt_hash(TYPED))
    hash_anew = make_password

    def change_first(password: str) -> str:
        monkeypatch.setattr(sign_in, "make_password", hash_anew)
        now = User.objects.with_id(user.pk)
        assert now
        set_password(user=now, password="another-good-sentence")
        return hash_anew(password)

    monkeypatch.setattr(sign_in, "make_password", change_first)
    assert login(TYPED).status_code == 401
    assert login("another-good-sentence").status_code == 200


@pytest.mark.promise(23)
@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("x7!kq9zw2mv", "password_too_short"),
        ("y" * 129, "password_long"),
        ("1q2w3e4r5t6y", "password_too_common"),
        ("1Q2W3E4R5T6Y", "password_too_common"),
        ("anna.heron@x.example", "password_too_similar"),
        ("heron\x00over-the-pond", "password_nul"),
        ("demo-glucose-2026", "password_demo"),
    ],
)
def test_what_is_no_good_password(password: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, User(email="anna.heron@x.example"))
    assert code in {error.code for error in refused.value.error_list}


@pytest.mark.promise(23)
@pytest.mark.parametrize("password", ["x7!kq9zw2mvb", "z" * 64 + "heron" * 12 + "abcd", "ö" * 128, "  spaces around  "])
def test_what_is_a_good_password(password: str) -> None:
    assert len(password) in {12, 17, 128}
    validate_password(password, User(email="anna@x.example"))


@pytest.mark.promise(23)
@pytest.mark.django_db
def test_every_one_of_128_characters_counts(northside: Clinic) -> None:
    user = User.objects.with_id(northside.people["nurse"].user_id)
    assert user
    long = "heron-" * 21 + "ab"
    set_password(user=user, password=long)
    assert len(long) == 128
    for wrong in (long[:-1], long[:-1] + "c", long[:72], long + "x", f" {long}"):
        assert login(wrong).status_code == 401
        # Five wrong ones would lock.
        assert login(long).status_code == 200


@pytest.mark.promise(23)
@pytest.mark.django_db
def test_nul_in_a_password_is_refused_before_it_is_hashed(northside: Clinic) -> None:
    answer = Client().post(
        LOGIN, b'{"email":"nurse@northside.example","password":"a\\u0000b"}', content_type="application/json"
    )
    assert answer.status_code == 400
    page = Client().post("/admin/login/", {"username": "nurse@northside.example", "password": "a\x00b"})
    assert page.status_code == 200
