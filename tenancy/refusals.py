from __future__ import annotations

from django.core.exceptions import ValidationError


class Refusal(ValidationError):
    """A sentence for the person: forms show it as any error of theirs, REST answers it with ``status_code``.

    ``wait``: seconds after which another try may go better, for Retry-After.
    """

    status_code = 403
    wait: float | None = None
