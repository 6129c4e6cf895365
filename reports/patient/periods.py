from __future__ import annotations

from django.http import HttpRequest

DAYS = (7, 14, 30, 90)
USUAL = 14


def chosen_days(request: HttpRequest) -> int:
    """What the address does not say, or says wrongly, is the usual period."""
    asked = request.GET.get("days", "")
    return int(asked) if asked in {str(days) for days in DAYS} else USUAL
