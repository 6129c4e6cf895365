"""Sources that tell of the past: how much later than measured their readings come."""

from __future__ import annotations

from datetime import timedelta

from devices.models import Device

# Dexcom's web API shows a reading one hour after it was measured in the US, and three hours after it elsewhere.
USUAL_LAG = {Device.Kind.DEXCOM: timedelta(hours=3)}


def expected_lag(kind: str, minutes: int | None) -> timedelta:
    """``minutes``: what was set for the device; None: what is usual for its kind. Zero: it measures live."""
    return USUAL_LAG.get(Device.Kind(kind), timedelta()) if minutes is None else timedelta(minutes=minutes)
