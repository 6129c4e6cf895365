from __future__ import annotations

import gc
from collections.abc import Iterator

import django.test.client
import pytest
import structlog
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import TransactionTestCase

from tenancy import limits
from tests.clinics import Clinic
from tests.data_plane import PlatformHandler, forget_budgets
from tests.databases import cloned_database, empty_as_owner
from tests.dexcom import dexcom_sandbox, dexcom_sandbox_process
from tests.forgetting import forget_keys, limits_url
from tests.live import running_server
from tests.prepared import prepare_clinics, restored_clinic

__all__ = ["dexcom_sandbox", "dexcom_sandbox_process"]

# Each takes a minute or more of a worker's time, most of it waiting for processes.
LONGEST = ("tests/test_benchmarks.py::test_quick_run", "tests/faults/", "tests/test_demo.py", "tests/test_runserver.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: pytest-django puts them last, where one worker runs them while the others have no more."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_collection_finish() -> None:
    """Modules and items stay to the end: looking through them for garbage took a tenth of a worker's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def log_lines_can_be_captured() -> None:
    """A logger that was used before would keep its first processors, and structlog's capture_logs see nothing."""
    structlog.configure(**{**structlog.get_config(), "cache_logger_on_first_use": False})


@pytest.fixture(scope="session", autouse=True)
def clients_ask_the_whole_platform() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(django.test.client, "ClientHandler", PlatformHandler)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Replaces pytest-django's: the app role, which runs the tests, may not create a database."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():  # type: ignore[attr-defined]
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_as_owner)
        # The real algorithm, at the least cost it takes: fixtures make a dozen accounts.
        patch.setattr(Argon2PasswordHasher, "time_cost", 1)
        patch.setattr(Argon2PasswordHasher, "memory_cost", 8)
        patch.setattr(Argon2PasswordHasher, "parallelism", 1)
        with cloned_database():
            prepare_clinics()
            yield


@pytest.fixture(autouse=True)
def limits_begin_anew() -> None:
    """Every test comes from the same address, and signs in the same people."""
    forget_keys(limits_url(), f"{limits.key_prefix()}:*")
    limits._in_process.cache_clear()
    forget_budgets()


@pytest.fixture
def northside(db: None) -> Clinic:
    """Our clinic. In a test marked ``django_db(transaction=True)`` it is committed, and a live server sees it."""
    return restored_clinic("northside")


@pytest.fixture
def southside(db: None) -> Clinic:
    """The other clinic, with the same patient and device codes: nothing of it may ever show."""
    return restored_clinic("southside")


@pytest.fixture(scope="session")
def live_url(django_db_setup: None) -> Iterator[str]:
    """A running server; use it with ``@pytest.mark.django_db(transaction=True)``."""
    with running_server() as address:
        yield address
