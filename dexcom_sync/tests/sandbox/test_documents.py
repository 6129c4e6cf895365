"""docs/dexcom-sandbox.md names everything that there is."""

from __future__ import annotations

import re

from dexcom_sync.sandbox.control import ROUTES
from dexcom_sync.sandbox.faults import KINDS
from dexcom_sync.sandbox.scenarios import SCENARIOS
from dexcom_sync.sandbox.serving import PROJECT
from dexcom_sync.sandbox.switches import CHOICES, Switches

DOCUMENT = (PROJECT / "docs" / "dexcom-sandbox.md").read_text()


def named_in(section: str) -> set[str]:
    """What stands in the first column of the section's table."""
    text = DOCUMENT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return {name for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)}


def test_every_user_is_described() -> None:
    assert named_in("Users") == set(SCENARIOS)


def test_every_switch_is_described_with_its_default() -> None:
    assert named_in("Switches") == set(Switches().as_dict())
    for name, choices in CHOICES.items():
        row = next(
            line for line in DOCUMENT.splitlines() if line.startswith("| `") and f"`{name}`" in line.split("|")[1]
        )
        assert getattr(Switches(), name) == choices[0]
        places = [row.index(f"`{choice}`") for choice in choices if f"`{choice}`" in row]
        assert len(places) == len(choices)
        assert places[0] == min(places)


def test_every_kind_of_fault_is_described() -> None:
    assert named_in("Faults") == set(KINDS)


def test_every_control_call_is_described() -> None:
    described = " ".join(named_in("Control"))
    for route in ROUTES:
        assert route.path.removeprefix("/_sim/") in described
