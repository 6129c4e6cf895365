"""The table of roles in the document says what the code does."""

from __future__ import annotations

from pathlib import Path

from accounts.roles import PERMISSIONS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "people.md"


def test_the_documents_table_is_the_role_table() -> None:
    lines = [line.strip("| \n") for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    roles = [cell.strip() for cell in lines[0].split("|")][1:-1]
    told: dict[str, set[str]] = {role: set() for role in roles}
    for line in lines[1:]:
        _, *ticks, permission = (cell.strip() for cell in line.split("|"))
        assert set(ticks) <= {"", "yes"}, line
        for role, tick in zip(roles, ticks, strict=True):
            if tick:
                told[role].add(permission.strip("`"))
    assert told == {role: set(granted) for role, granted in PERMISSIONS.items()}
