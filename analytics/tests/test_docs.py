"""docs/analytics.md says what the code says."""

from __future__ import annotations

from pathlib import Path

from analytics.goals import GOALS
from analytics.summary import DEFINITION_VERSION

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "analytics.md").read_text()


def rows_of(heading: str) -> list[list[str]]:
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return rows[2:]


def test_goals_are_those_of_the_code() -> None:
    assert len(rows_of("Goals")) == len(GOALS)
    for (preset, goals), row in zip(GOALS.items(), rows_of("Goals"), strict=True):
        limits = (
            *((">", goals.in_range_above), ("<", goals.low_below), ("<", goals.very_low_below)),
            *(("<", goals.high_below), ("<", goals.very_high_below), ("≤", goals.cv_at_most)),
            *(("<", goals.mean_below), ("<", goals.gmi_below)),
        )
        assert row[0].startswith(f"`{preset}`")
        assert row[1] == goals.version
        shown = [cell.removesuffix(" mg/dL").removesuffix(" %") for cell in row[2:]]
        assert shown == ["-" if limit is None else f"{sign} {limit:g}" for sign, limit in limits]


def test_the_newest_version_of_definitions_is_told() -> None:
    assert rows_of("Version of the definitions")[-1][0] == DEFINITION_VERSION
