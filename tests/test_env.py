from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from glucose_platform.env import NOT_USED_YET, Env, KeysMissing, database_from_url
from tests.live import PROJECT

# The names that the contract fixes; docs/settings.md lists what each is for.
CONTRACT = {
    "DATABASE_URL", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD", "DATABASE_OWNER_URL", "REDIS_URL",
    "REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "TEST_DATABASE_URL", "HOST", "PORT", "DEBUG", "APP_ENV", "LOG_LEVEL",
    "SECRET_KEY", "CORS_ORIGINS", "DB_POOL_MIN", "DB_POOL_MAX", "ACCESS_TOKEN_EXPIRE_MINUTES",
    "MAX_GLUCOSE_READING_RATE", "GLUCOSE_MIN_VALUE", "GLUCOSE_MAX_VALUE", "ENCRYPTION_KEY", "DEXCOM_CLIENT_ID",
    "DEXCOM_CLIENT_SECRET", "DEXCOM_REDIRECT_URI", "DEXCOM_ENVIRONMENT", "FIREBASE_PROJECT_ID",
}  # fmt: skip


def test_values_are_typed() -> None:
    env = Env({"N": "7", "B": "Yes", "L": '["a", "b"]', "C": "a, b,", "T": "x"})
    assert env.integer("N", 1, help="") == 7
    assert env.boolean("B", False, help="") is True
    assert env.items("L", help="") == env.items("C", help="") == ["a", "b"]
    assert env.choice("T", "y", ("x", "y"), help="") == "x"
    assert env.problems == []


def test_absent_values_have_defaults() -> None:
    env = Env({})
    assert (env.integer("N", 5, help=""), env.boolean("B", True, help=""), env.items("L", ("a",), help="")) == (
        5,
        True,
        ["a"],
    )
    assert env.text("T", "default", help="") == "default"
    assert env.problems == []


@pytest.mark.parametrize(
    ("value", "read", "words"),
    [
        ("seven", lambda env: env.integer("X", 1, help=""), "whole number"),
        ("-1", lambda env: env.integer("X", 1, help=""), "at least 0"),
        ("perhaps", lambda env: env.boolean("X", False, help=""), "true or false"),
        ("c", lambda env: env.choice("X", "a", ("a", "b"), help=""), "one of a, b"),
        ("often", lambda env: env.rate("X", "5/minute", help=""), "a number and a time, such as 5/minute"),
        ("[1]", lambda env: env.items("X", help=""), "JSON list"),
        ("[", lambda env: env.items("X", help=""), "JSON list"),
    ],
)
def test_faults_are_collected_with_the_name(value: str, read, words: str) -> None:
    env = Env({"X": value})
    read(env)
    (problem,) = env.problems
    assert problem.startswith("X ")
    assert words in problem


def test_a_secret_may_stand_in_a_file_and_the_variable_wins(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("from the file\n")
    assert Env({"KEY_FILE": str(path)}).text("KEY", help="") == "from the file"
    assert Env({"KEY_FILE": str(path), "KEY": "given"}).text("KEY", help="") == "given"
    absent = Env({"KEY_FILE": str(tmp_path / "absent")})
    assert absent.required("KEY", help="", advice="Do this.") == ""
    assert any("KEY_FILE cannot be read" in problem for problem in absent.problems)


@pytest.mark.parametrize(("value", "words"), [("", "KEYS is not set"), ("{}", "KEYS is not of the form")])
def test_keys_that_are_not_given_cannot_be_used(value: str, words: str) -> None:
    """Derived from nothing they would be keys that everybody can compute."""
    env = Env({"KEYS": value})
    ring = env.keyring("KEYS", derive_from=None, help="")
    assert words in env.problems[0]
    for use in (lambda: ring.active_key, lambda: ring.keys.get("derived"), lambda: ring.keys.items() and [*ring.keys]):
        with pytest.raises(KeysMissing, match=words):
            use()


def test_keys_that_need_not_be_given_are_none() -> None:
    env = Env({})
    assert env.keyring("KEYS", derive_from=None, optional=True, help="").keys == {}
    assert env.problems == []


def test_names_of_earlier_systems_are_refused() -> None:
    env = Env({"JWT_SECRET": "x"})
    env.refuse("JWT_SECRET", "Set SECRET_KEY.")
    env.refuse("ALGORITHM", "Remove it.")
    assert env.problems == ["JWT_SECRET is not used here. Set SECRET_KEY."]


def test_database_urls() -> None:
    parts = database_from_url("postgresql://us%40er:p%2Fw@/glucose?host=/run/pg&port=5433&sslmode=require")
    assert parts == {
        "NAME": "glucose", "USER": "us@er", "PASSWORD": "p/w", "HOST": "/run/pg", "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }  # fmt: skip
    with pytest.raises(ValueError, match="postgresql://"):
        database_from_url("mysql://x")


def test_the_contracts_names_are_documented() -> None:
    table = (PROJECT / "docs/settings.md").read_text()
    assert {name for name in CONTRACT if f"`{name}`" not in table} == set()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "SECRET_KEY is not set."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must have at least 32 characters."),
        ({"SECRET_KEY": "x" * 32}, "DATABASE_URL is not set. Run `manage.py services start`"),
        ({"SECRET_KEY": "x" * 32, "DEBUG": "true"}, "DEBUG must be false in production"),
        ({"SECRET_KEY": "x" * 32, "CORS_ORIGINS": "*"}, "CORS_ORIGINS must name origins"),
        ({"SECRET_KEY": "x" * 32, "CORS_ORIGINS": "http://app.example"}, "in production origins begin with https://"),
        (
            {"SECRET_KEY": "x" * 32, "CORS_ORIGINS": "https://app.example/"},
            "an origin is like https://app.example, without",
        ),
        ({"SECRET_KEY": "x" * 32, "PUBLIC_URL": "http://127.0.0.1"}, "PUBLIC_URL must begin with https://"),
        ({"SECRET_KEY": "x" * 32, "LOG_LEVEL": "verbose"}, "LOG_LEVEL must be one of DEBUG, INFO"),
        ({"SECRET_KEY": "x" * 32, "PORT": "70000"}, "PORT must be at most 65535"),
        ({"SECRET_KEY": "x" * 32, "GLUCOSE_MAX_VALUE": "40000"}, "GLUCOSE_MAX_VALUE must be at most 1000"),
        ({"SECRET_KEY": "x" * 32, "GLUCOSE_MIN_VALUE": "400"}, "GLUCOSE_MIN_VALUE must be below GLUCOSE_MAX_VALUE"),
        ({"SECRET_KEY": "x" * 32, "API_KEY_SECRET": "y"}, "API_KEY_SECRET is not used here."),
    ],
)
def test_a_web_process_does_not_start_with_faults_and_says_what_to_do(
    given: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    bare = {"PATH": os.environ["PATH"], "GLUCOSE_STATE_DIR": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-c", "import glucose_platform.wsgi"],
        cwd=PROJECT, env=bare | given, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert sentence in done.stderr


def test_an_address_may_end_in_a_slash(tmp_path: Path) -> None:
    """Links are made by adding a path, and browsers compare origins letter by letter."""
    given = {"PUBLIC_URL": "https://glucose.example/", "GLUCOSE_STATE_DIR": str(tmp_path), "PATH": os.environ["PATH"]}
    program = "from glucose_platform import settings; print(settings.PUBLIC_URL, *settings.CSRF_TRUSTED_ORIGINS)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=given, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["https://glucose.example"] * 2


def test_settings_without_effect_say_so() -> None:
    """Each name that the contract fixes is accepted; what nothing reads yet must not look as if it worked."""
    sources = [
        path.read_text()
        for folder in (
            "accounts",
            "devices",
            "dexcom_sync",
            "glucose_platform",
            "patients",
            "readings",
            "reports",
            "tenancy",
            "tests",
        )
        for path in (PROJECT / folder).rglob("*.py")
    ]
    table = (PROJECT / "docs/settings.md").read_text()
    for name in ("CORS_ORIGINS", "DATABASE_EDGE_URL", "ENCRYPTION_KEY", "FIREBASE_PROJECT_ID", "DEXCOM_REDIRECT_URI"):
        used = any(re.search(rf"settings\.{name}\b", source) for source in sources)
        (row,) = [line for line in table.splitlines() if line.startswith(f"| `{name}`")]
        assert used != (NOT_USED_YET in row), name
