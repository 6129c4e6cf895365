"""The list as it stands now, for pages and answers."""

from __future__ import annotations

from datetime import datetime

from reports.worklist.loading import load_facts
from reports.worklist.points import Ranking, Standing, rank

# The kind of look that the routes name.
WORKLIST = "reports.carestate"


def current_ranking(now: datetime, *, only: int | None = None) -> Ranking:
    """Of all patients whom the person may see; ``only``: of this one."""
    return rank(load_facts(now, only=only), now=now.timestamp())


def counts(ranking: Ranking) -> dict[str, int]:
    """How many patients there are of each standing, whatever is chosen."""
    return {standing.name.lower(): int((ranking.standing == standing).sum()) for standing in Standing}
