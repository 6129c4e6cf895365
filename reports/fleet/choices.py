"""Which devices the list shows, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, F, IntegerField, Q, Value, When

from devices.fleet.health import LOW_BATTERY_RECORD, with_health
from devices.health import LOW_BATTERY_PERCENT, Health
from devices.models import Assignment, Device
from patients.models import Patient

# Who needs somebody first.
NEED = {Health.WARNING: 0, Health.OFFLINE: 1, Health.HEALTHY: 2, Health.DEACTIVATED: 3}
HEALTHS = {"": "Any health", **{health.value: health.label for health in NEED}}
STATUSES = {"": "In use", **dict(Device.Status.choices)}
BATTERIES = {
    "": "Any level",
    "low": f"Below {LOW_BATTERY_PERCENT} %",
    "soon": f"Below {LOW_BATTERY_RECORD} %",
    "unknown": "Unknown",
}
SORTS = {
    "need": "Need",
    "code": "Device",
    "contact": "Longest silent first",
    "battery": "Lowest battery first",
    "firmware": "Firmware",
}
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Choices:
    """What the address asks for; anything unknown falls back to no choice."""

    q: str = ""
    health: str = ""
    status: str = ""
    battery: str = ""
    firmware: str = ""
    sort: str = "need"

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> Choices:
        def one_of(name: str, allowed: Mapping[str, str]) -> str:
            value = sent.get(name, "")
            return value if value in allowed else ""

        def text(name: str, longest: int) -> str:
            # PostgreSQL takes no NUL in a text.
            return sent.get(name, "").replace("\x00", "").strip()[:longest]

        return cls(
            q=text("q", LONGEST_SEARCH),
            health=one_of("health", HEALTHS),
            status=one_of("status", STATUSES),
            battery=one_of("battery", BATTERIES),
            firmware=text("firmware", 20),
            sort=one_of("sort", SORTS) or "need",
        )

    @property
    def query(self) -> str:
        default = asdict(Choices())
        return urlencode({name: value for name, value in asdict(self).items() if value != default[name]})

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.health or self.status or self.battery or self.firmware)

    def devices(self, now: datetime) -> Any:
        found = Device.objects.filter(status=self.status) if self.status else Device.objects.in_use()
        if self.q:
            found = found.filter(_named(self.q, now))
        if self.battery:
            found = found.filter(_with_battery(self.battery))
        if self.firmware:
            found = found.filter(firmware_version="" if self.firmware == "unknown" else self.firmware)
        found = with_health(found, now)
        return found.filter(health=self.health) if self.health else found

    def in_order(self, devices: Any) -> Any:
        if self.sort == "need":
            need = Case(
                *(When(health=word, then=Value(place)) for word, place in NEED.items()), output_field=IntegerField()
            )
            return devices.order_by(need, "code")
        fields: dict[str, list[Any]] = {
            "code": [],
            "contact": [F("last_seen_at").asc(nulls_first=True)],
            "battery": [F("battery_level").asc(nulls_last=True)],
            "firmware": ["firmware_version"],
        }
        return devices.order_by(*fields[self.sort], "code")


def _named(text: str, now: datetime) -> Q:
    """By its own names, or by whom it measures."""
    patients = Patient.objects.current().found_by(text).order_by()
    worn = Assignment.objects.in_force_at(now).filter(patient__in=patients).order_by()
    own = Q(code__icontains=text) | Q(name__icontains=text) | Q(serial_number__istartswith=text)
    return own | Q(pk__in=worn.values("device_id"))


def _with_battery(word: str) -> Q:
    if word == "unknown":
        return Q(battery_level__isnull=True)
    return Q(battery_level__lt=LOW_BATTERY_PERCENT if word == "low" else LOW_BATTERY_RECORD)
