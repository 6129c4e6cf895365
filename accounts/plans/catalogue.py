"""The plans, as data. What they cost is the operator's choice and stands in the payment provider, not here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

# Raised with each change of a figure; invoices and the ledger name the plan, this says which one it was.
VERSION = 1


class Limit(StrEnum):
    DEVICES = "devices"
    MEMBERS = "members"
    PATIENTS = "patients"
    RETENTION_DAYS = "retention_days"
    API_REQUESTS_PER_HOUR = "api_requests_per_hour"


# What is counted when something is added; the others bound time.
COUNTED = (Limit.DEVICES, Limit.MEMBERS, Limit.PATIENTS)


@dataclass(frozen=True, slots=True)
class Plan:
    """``limits``: what is not named has none."""

    code: str
    name: str
    limits: Mapping[Limit, int]

    def limit(self, limit: Limit) -> int | None:
        return self.limits.get(limit)

    def is_smaller_than(self, other: Plan) -> bool:
        """Whether something that fits into ``other`` may not fit here."""
        return any(_size(self, limit) < _size(other, limit) for limit in Limit)


def _size(plan: Plan, limit: Limit) -> float:
    size = plan.limit(limit)
    return float("inf") if size is None else size


def _plan(code: str, name: str, *sizes: int) -> Plan:
    return Plan(code, name, MappingProxyType(dict(zip(Limit, sizes, strict=True)) if sizes else {}))


#                                  devices, members, patients, retention days, API requests an hour
_ALL = (
    _plan("free", "Free", 1, 3, 5, 30, 1_000),
    _plan("clinic", "Clinic", 250, 50, 500, 730, 20_000),
    _plan("network", "Network", 5_000, 500, 10_000, 3_650, 200_000),
    _plan("unlimited", "Unlimited"),
)
PLANS: Mapping[str, Plan] = MappingProxyType({plan.code: plan for plan in _ALL})
FREE, UNLIMITED = PLANS["free"], PLANS["unlimited"]
CHOICES = [(plan.code, plan.name) for plan in _ALL]


def roomier(one: Plan, other: Plan) -> Plan:
    """A plan with the larger of the two sizes for each limit, by the name of ``one``."""
    sizes = {limit: max(_size(one, limit), _size(other, limit)) for limit in Limit}
    return Plan(one.code, one.name, {limit: int(size) for limit, size in sizes.items() if size != float("inf")})
