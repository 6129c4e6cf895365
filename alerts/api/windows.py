"""From when until when a question asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers

from tenancy.api.serializers import CamelCaseSerializer, InstantField


class WindowSerializer(CamelCaseSerializer):
    """Gives both ends, whichever are left out. ``usual``: the window then; ``longest``: a longer one is refused."""

    usual: ClassVar[timedelta]
    longest: ClassVar[timedelta]

    since = InstantField(required=False)
    until = InstantField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        until = attrs.get("until", timezone.now())
        since = attrs.get("since", until - self.usual)
        if since >= until:
            raise serializers.ValidationError("until must be later than since", code="window")
        if until - since > self.longest:
            raise serializers.ValidationError(f"Ask for {self.longest.days} days at most.", code="window")
        return {"since": since, "until": until}
