from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings

from glucose_platform.redis_urls import redis_url_for
from tenancy.redis import limits_client
from tests.databases import process_name
from tests.isolation.world import World, world_in_a_transaction

# One for each test process: they empty it at any moment.
SPARE_REDIS_DATABASE = 5 + int(process_name().removeprefix("gw") if process_name() != "main" else 0) % 10


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Two clinics for a whole module: each case undoes what it did. Tests with it are not marked ``django_db``."""
    # Thousands of requests: what each of them logs would bury what failed.
    logging.disable(logging.CRITICAL)
    with (
        django_db_blocker.unblock(),
        limits_that_may_be_emptied(),
        an_application_at_dexcom(),
        world_in_a_transaction() as world,
    ):
        yield world
    logging.disable(logging.NOTSET)


@contextmanager
def an_application_at_dexcom() -> Iterator[None]:
    """Registered, and never asked: no call of the matrix gets as far as that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "DEXCOM_APPLICATIONS", {"sandbox": ("application", "secret")})
        patch.setattr(settings, "DEXCOM_REDIRECT_URI", "https://clinic.example/auth/callback")
        patch.setattr(settings, "DEXCOM_SANDBOX_URL", "http://127.0.0.1:9")
        yield


@contextmanager
def limits_that_may_be_emptied() -> Iterator[None]:
    """Rate limits in a database that no other test uses: each case begins without any."""
    with pytest.MonkeyPatch.context() as patch:
        spare = redis_url_for(os.environ["REDIS_URL"], SPARE_REDIS_DATABASE, "client")
        patch.setattr(settings, "LIMITS_REDIS_URL", spare)
        limits_client.cache_clear()
        yield
    limits_client.cache_clear()
