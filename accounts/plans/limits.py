"""The one place where a plan's limits are held. What devices send is never asked here: see docs/plans.md."""

from __future__ import annotations

from collections.abc import Callable

from accounts.plans.catalogue import Limit
from accounts.plans.standing import current_standing
from tenancy.models import Organization
from tenancy.refusals import Refusal
from tenancy.scope import required_organization_id

THINGS = {
    Limit.DEVICES: ("device", "devices"),
    Limit.MEMBERS: ("member", "members"),
    Limit.PATIENTS: ("patient", "patients"),
}
STOPPED = (
    "An invoice is overdue and the time of grace is over, so nothing can be added. Devices go on being heard. "
    'Owners see under "Plan and usage" what is to be paid.'
)


class LimitReached(Refusal):
    """The plan has no room. Answered with 402: paying changes it, another role would not."""

    status_code = 402

    def __init__(self, sentence: str, limit: Limit) -> None:
        super().__init__(sentence, code="limit")
        self.limit = limit


def require_room(limit: Limit, *, used: Callable[[], int], adding: int = 1) -> None:
    """Raises LimitReached where the plan has no room for so many more. Ask in the transaction that adds them.

    ``used`` is asked under a lock of the clinic's, which lasts as long as that transaction: of two who take the last
    place at once, one waits and then finds it taken.
    """
    standing = current_standing()
    if standing.is_stopped:
        raise LimitReached(STOPPED, limit)
    size = standing.limit(limit)
    if size is None:
        return
    Organization.objects.select_for_update(no_key=True).get(pk=required_organization_id())
    if used() + adding > size:
        raise LimitReached(_sentence(limit, size, standing.plan.name), limit)


def _sentence(limit: Limit, size: int, plan: str) -> str:
    one, many = THINGS[limit]
    return (
        f"The plan {plan} has room for {size} {one if size == 1 else many}, and all are in use. "
        f'Owners can choose a larger plan under "Plan and usage"; what is there stays.'
    )
