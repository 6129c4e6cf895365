"""How a device does, in one word and in reasons: derived from what it told, never stored.

The word is also asked of the database, for thousands of devices at once (``with_health``): the two say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Exists,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from devices.fleet.models import DeviceState
from devices.health import (
    LOW_BATTERY_PERCENT,
    NEEDING_CARE,
    OUT_OF_USE,
    Connectivity,
    Health,
    connectivity,
    is_online_at,
)
from devices.models import Device, DeviceKey

# A battery to be charged soon: said, but no warning yet.
LOW_BATTERY_RECORD = 30
WEAK_SIGNAL = -85
COLDEST, HOTTEST = 0, 45
BUSY_PERCENT = 90
# Readings that are further ahead are refused.
LARGEST_SKEW = 300
KEY_ENDS_SOON = timedelta(days=14)
# What was said before says little about now.
FACTS_HOLD = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Facts:
    """``keys_end_at``: when the last of its live keys ends; None: it has none, or one that does not end by itself."""

    device: Device
    state: DeviceState | None
    keys_end_at: datetime | None

    def newest(self, now: datetime) -> DeviceState | None:
        """The last heartbeat, where it is young enough to say something."""
        state = self.state
        return state if state and state.heard_at and state.heard_at > now - FACTS_HOLD else None


def facts_of(devices: Sequence[Device], now: datetime) -> list[Facts]:
    """In two questions, however many devices."""
    ids = [device.pk for device in devices]
    states = {state.device_id: state for state in DeviceState.objects.filter(device_id__in=ids)}
    live = DeviceKey.objects.live().filter(device_id__in=ids).order_by().values("device_id")
    ends = live.annotate(last=Max("expires_at"), endless=Max(Case(When(expires_at=None, then=1), default=0)))
    ends_at = {row["device_id"]: None if row["endless"] else row["last"] for row in ends}
    return [Facts(device, states.get(device.pk), ends_at.get(device.pk)) for device in devices]


def health(facts: Facts, now: datetime) -> Health:
    if facts.device.status in OUT_OF_USE:
        return Health.DEACTIVATED
    if connectivity(facts.device, now) == Connectivity.OFFLINE:
        return Health.OFFLINE
    return Health.WARNING if warnings(facts, now) else Health.HEALTHY


def warnings(facts: Facts, now: datetime) -> list[str]:
    """Sentences: what somebody should look at."""
    device, state, found = facts.device, facts.newest(now), []
    if device.status in NEEDING_CARE:
        found.append(f"Its status is {_word(device.status)}.")
    if device.battery_level is not None and device.battery_level < LOW_BATTERY_PERCENT:
        found.append(f"The battery is at {device.battery_level} %.")
    if state is not None:
        found += _of_heartbeat(device, state)
    if facts.keys_end_at is not None and facts.keys_end_at <= now + KEY_ENDS_SOON:
        days = (facts.keys_end_at - now).days
        found.append(f"Its key ends {'within a day' if days < 1 else f'in {days} days'}.")
    return found


def _of_heartbeat(device: Device, state: DeviceState) -> list[str]:
    found = []
    if state.status in NEEDING_CARE and state.status != device.status:
        found.append(f"It reports: {_word(state.status)}.")
    if state.signal_strength is not None and state.signal_strength <= WEAK_SIGNAL:
        found.append(f"The network is weak ({state.signal_strength} dBm).")
    if state.temperature is not None and not COLDEST <= state.temperature <= HOTTEST:
        found.append(f"It is too {'cold' if state.temperature < COLDEST else 'hot'} ({state.temperature:g} °C).")
    for name, value in (("memory", state.memory_usage), ("processor", state.cpu_usage)):
        if value is not None and value >= BUSY_PERCENT:
            found.append(f"The {name} is in use to {value:g} %.")
    if state.clock_skew is not None and abs(state.clock_skew) > LARGEST_SKEW:
        minutes = abs(state.clock_skew) // 60
        found.append(f"Its clock is {minutes:,} minutes {'ahead' if state.clock_skew > 0 else 'behind'}.")
    return found


def notices(facts: Facts) -> list[str]:
    """What is good to know, and warns of nothing yet."""
    device, state, found = facts.device, facts.state, []
    level = device.battery_level
    if level is not None and LOW_BATTERY_PERCENT <= level < LOW_BATTERY_RECORD:
        found.append(f"The battery is at {level} %: charge it soon.")
    if state is not None and state.heard_at and state.settings_version != device.settings_version:
        found.append("It does not work with its newest settings yet.")
    return found


def _word(status: str) -> str:
    return str(Device.Status(status).label.lower())


def with_health(devices: QuerySet[Device], now: datetime) -> Any:
    """Each with ``health``, and ``is_online``."""
    heard_since = Q(states__heard_at__gt=now - FACTS_HOLD)
    warned = (
        Q(status__in=NEEDING_CARE)
        | Q(battery_level__lt=LOW_BATTERY_PERCENT)
        | Q(key_ends_soon=True)
        | heard_since
        & (
            Q(states__status__in=NEEDING_CARE)
            | Q(states__signal_strength__lte=WEAK_SIGNAL)
            | Q(states__temperature__lt=COLDEST)
            | Q(states__temperature__gt=HOTTEST)
            | Q(states__memory_usage__gte=BUSY_PERCENT)
            | Q(states__cpu_usage__gte=BUSY_PERCENT)
            | Q(states__clock_skew__gt=LARGEST_SKEW)
            | Q(states__clock_skew__lt=-LARGEST_SKEW)
        )
    )
    live = DeviceKey.objects.live().filter(device_id=OuterRef("pk"))
    lasting = live.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now + KEY_ENDS_SOON))
    return devices.annotate(
        key_ends_soon=Case(When(Exists(live) & ~Exists(lasting), then=True), default=False),
        is_online=Case(When(is_online_at(now), then=True), default=False),
        health=Case(
            When(status__in=OUT_OF_USE, then=Value(Health.DEACTIVATED.value)),
            When(is_online=False, then=Value(Health.OFFLINE.value)),
            When(warned, then=Value(Health.WARNING.value)),
            default=Value(Health.HEALTHY.value),
            output_field=CharField(),
        ),
    )
