"""The document for those who build devices: its lines for the shell work as they stand, one after the other."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "integrate-a-device.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_provisioning_and_commands_as_they_are_written(live_url: str, northside: Clinic) -> None:
    blocks = re.findall(r"^    curl .*(?:\n    .*)*", DOCUMENT.read_text(), re.MULTILINE)
    variables = {"HOST": live_url, "TOKEN": northside.access_token("owner")}
    answers: list[Any] = []
    for block in blocks:
        found = list(_run(block, variables))
        answers += found
        first = found[0]
        if "claimCode" in first:
            variables["CODE"] = first["claimCode"]
        elif "apiKey" in first:
            variables["KEY"] = first["apiKey"]
        elif isinstance(first, list):
            variables["COMMAND"] = first[0]["id"]
    assert not [answer for answer in answers if "detail" in answer]
    (claim,) = (answer for answer in answers if "claimCode" in answer)
    (device,) = (answer for answer in answers if "apiKey" in answer)
    assert (claim["device"], device["deviceId"], device["deviceName"]) == ("ARGUS_007001", "ARGUS_007001", "Bed 7")
    assert [answer["status"] for answer in answers if "retryAttempt" in answer] == ["pending", "executing", "completed"]


def _run(block: str, variables: dict[str, str]) -> Iterator[Any]:
    """The answers of its commands, one after the other."""
    environment = {**os.environ, **variables, "no_proxy": "*"}
    done = subprocess.run(["bash", "-euc", block], env=environment, capture_output=True, text=True, check=True)
    text = done.stdout.strip()
    while text:
        answer, end = json.JSONDecoder().raw_decode(text)
        yield answer
        text = text[end:].strip()
