"""A person wants the newest data at once. The caller sends the task after the commit."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.services import record
from dexcom_sync.applications import NotOffered, limiter_of
from dexcom_sync.limiter import Lane, Wait, WhyWait
from dexcom_sync.models import Connection
from dexcom_sync.services.connecting import OBJECT
from dexcom_sync.services.people import NotPossible
from dexcom_sync.wording import error_sentence, status_sentence
from tenancy.refusals import Refusal

_SENTENCES = {
    WhyWait.BUDGET: "The platform's calls to Dexcom are used up for the moment. Try again later.",
    WhyWait.COOLDOWN: "Dexcom has asked for a pause. Try again later.",
    WhyWait.HOST: "Dexcom is in trouble at the moment. Try again later.",
    WhyWait.STOPPED: "Dexcom refuses this platform's credentials, and all calls have stopped. Ask your operator.",
}
_OF_THE_BUDGET = {WhyWait.BUDGET, WhyWait.COOLDOWN}


class CallsMustWait(Refusal):
    """429 where calls have to be spared, 503 where none would be answered."""

    def __init__(self, answer: Wait) -> None:
        super().__init__(_SENTENCES[answer.why])
        self.status_code = 429 if answer.why in _OF_THE_BUDGET else 503
        self.wait = max(answer.seconds, 1.0)


@transaction.atomic
def ask_to_read_now(*, connection: Connection) -> None:
    """Raises NotPossible where it is not read at all, and CallsMustWait beyond the budget of calls.

    Where a worker has it in hand, that one brings the newest data: nothing is asked of the budget. Otherwise it is due
    at once: where the caller's task is lost, the next sweep finds it.
    """
    locked: Connection = (
        Connection.objects.select_for_update(of=("self",)).select_related("patient").get(pk=connection.pk)
    )
    if locked.status not in Connection.POLLED:
        raise NotPossible(status_sentence(locked.status))
    now = timezone.now()
    if locked.claimed_until is None or locked.claimed_until <= now:
        _spend_a_call(locked)
        locked.next_due_at = now
        locked.save(update_fields=["next_due_at"])
    record(
        action=Action.UPDATE,
        object_type=OBJECT,
        object_id=str(locked.public_id),
        patient_id=locked.patient_id,
        reason="asked to read now",
    )


def _spend_a_call(connection: Connection) -> None:
    """The only way to know whether one is left: it is spent on the asking, and clicking cannot flood the workers."""
    try:
        answer = limiter_of(connection.region).ask(Lane.INTERACTIVE)
    except NotOffered:
        raise NotPossible(error_sentence("region_not_offered")) from None
    if isinstance(answer, Wait):
        raise CallsMustWait(answer)
