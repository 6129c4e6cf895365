from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.engine.machine import RulePlan
from alerts.evaluation.loading import PatientLook
from alerts.models import Episode
from alerts.steps import add_step


def end_what_has_no_rule(look: PatientLook, plans: Sequence[RulePlan], now: datetime) -> None:
    """Nothing would ever end an episode whose rule was switched off or removed."""
    codes = {plan.code for plan in plans}
    for code in sorted(look.episodes.keys() - codes):
        episode = look.episodes.pop(code)
        was_an_alarm = episode.state != Episode.State.CONFIRMING
        episode.state = Episode.State.RESOLVED if was_an_alarm else Episode.State.DISMISSED
        episode.ended_at = now
        episode.save(update_fields=["state", "ended_at"])
        add_step(episode=episode, kind=episode.state, at=now, detail={"why": "The rule was switched off or removed."})
