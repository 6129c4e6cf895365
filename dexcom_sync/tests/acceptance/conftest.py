from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from dexcom_sync.services import tokens
from dexcom_sync.tests.acceptance.world import END, HOUR, World, forget_pauses
from dexcom_sync.tests.syncing import sandbox_settings
from tests.clinics import Clinic
from tests.dexcom import DexcomSandbox


@pytest.fixture
def world(northside: Clinic, dexcom_sandbox: DexcomSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Begins two hours after the newest data, when all of them are visible."""
    monkeypatch.setattr(tokens, "AFTER_A_LOST_ANSWER", 0.0)
    monkeypatch.setattr(tokens, "OTHERS_WAIT", 0.3)
    forget_pauses()
    with time_machine.travel(END, tick=True) as clock, sandbox_settings(dexcom_sandbox):
        made = World(northside, dexcom_sandbox, clock)
        made.begin(END + 2 * HOUR)
        yield made
    forget_pauses()
