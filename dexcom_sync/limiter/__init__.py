"""Whether a call to Dexcom may be made now: one budget for each application and host, shared by all workers.

    limiter = Limiter(valkey, client_id, host, Budget())
    with limiter.permitted(Lane.HOT):       # raises MustWait(seconds, why) before, and learns from what happens inside
        page = client.egvs(...)

Nothing here sleeps: reschedule by ``MustWait.seconds``, with some jitter.
"""

from __future__ import annotations

from dexcom_sync.limiter.answers import Go, MustWait, Usage, Wait, WhyWait
from dexcom_sync.limiter.budget import Budget, Lane
from dexcom_sync.limiter.limiter import Limiter

__all__ = ["Budget", "Go", "Lane", "Limiter", "MustWait", "Usage", "Wait", "WhyWait"]
