"""The document for those who build devices: its lines for the shell work as they stand, one after the other."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "integrate-a-device.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_provisioning_and_commands_as_they_are_written(live_url: str, northside: Clinic) -> None:
    lines = re.findall(r"^    (curl (?:.*\\\n)*.*)$", DOCUMENT.read_text(), re.MULTILINE)
    variables = {"HOST": live_url, "TOKEN": northside.access_token("owner")}
    answers: list[Any] = []
    for line in lines:
        answers.append(_run(line, variables))
        if "claimCode" in (last := answers[-1]):
            variables["CODE"] = last["claimCode"]
        elif "apiKey" in last:
            variables["KEY"] = last["apiKey"]
        elif isinstance(last, list):
            variables["COMMAND"] = last[0]["id"]
    claim, device, ordered, fetched, executing, completed, heard, logged = answers
    assert (claim["device"], device["deviceId"], device["deviceName"]) == ("ARGUS_007001", "ARGUS_007001", "Bed 7")
    assert [item["id"] for item in fetched] == [ordered["id"]]
    assert [report["status"] for report in (executing, completed)] == ["executing", "completed"]
    assert (heard["status"], "settings" in heard, logged) == ("ok", False, {"accepted": 1})


def _run(line: str, variables: dict[str, str]) -> Any:
    environment = {**os.environ, **variables, "no_proxy": "*"}
    done = subprocess.run(["bash", "-euc", line], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
