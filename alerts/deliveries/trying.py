"""The test button: a message that concerns no patient, sent while somebody waits for the result."""

from __future__ import annotations

from accounts.models import Membership
from alerts.deliveries.sending import send_now
from alerts.deliveries.setup import needs_member, send_test
from alerts.models import Channel, Delivery
from tenancy.limits import allow, refusal_sentence
from tenancy.refusals import Refusal
from tenancy.scope import required_organization_id


class TooManyTests(Refusal):
    status_code = 429

    def __init__(self, wait: float) -> None:
        super().__init__(refusal_sentence(wait))
        self.wait = wait


def try_channel(*, channel: Channel, member: Membership | None = None, asked_by: Membership | None = None) -> Delivery:
    """Call it outside a transaction: the partner's answer may take its time. The delivery tells what came of it.

    Where the channel goes to a member and none is named, to whoever asks. Raises ValidationError, TooManyTests.
    """
    wait = allow("channel_tests", required_organization_id())
    if wait is not None:
        raise TooManyTests(wait)
    to = member or (asked_by if needs_member(channel) else None)
    return send_now(send_test(channel=channel, member=to))
