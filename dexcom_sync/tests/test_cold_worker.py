"""A worker that was started a moment ago has no patient's key yet."""

from __future__ import annotations

import pytest

from dexcom_sync.tests.syncing import connect, run_sync, sandbox_settings
from tenancy.encryption.cache import KEYS
from tests.clinics import Clinic
from tests.dexcom import DexcomSandbox


@pytest.mark.django_db(transaction=True)
def test_it_reads_with_tokens_that_another_process_sealed(northside: Clinic, dexcom_sandbox: DexcomSandbox) -> None:
    with sandbox_settings(dexcom_sandbox):
        connection = connect(northside, dexcom_sandbox, "SandboxUser6")
        KEYS.forget()
        outcome = run_sync(northside, connection)
        assert outcome.failed == {}
        assert outcome.new > 0
        # And the past, and new tokens.
        KEYS.forget()
        dexcom_sandbox.expire_access("SandboxUser6")
        assert run_sync(northside, connection).failed == {}
