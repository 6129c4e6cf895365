"""The simulated people, with data made on the first call that asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dexcom_sync.sandbox.clock import instant_text
from dexcom_sync.sandbox.contents import Contents
from dexcom_sync.sandbox.identities import user_id
from dexcom_sync.sandbox.moments import control_second
from dexcom_sync.sandbox.refusals import ControlRefused
from dexcom_sync.sandbox.scenarios import SCENARIOS
from dexcom_sync.sandbox.scenarios.specs import DAY, Spec

REGIONS = ("us", "eu", "jp")
MOST_AT_ONCE = 20_000
CHOSEN = {"name", "scenario", "region", "days", "zone", "live", "seed", "delay_h", "anchor"}


@dataclass(slots=True)
class User:
    spec: Spec
    _contents: Contents | None = None
    _until: float = field(default=0.0)

    def contents(self, now: float) -> Contents:
        scenario = SCENARIOS[self.spec.scenario]
        if self._contents is None:
            self._contents = scenario.build(self.spec)
            self._until = self.spec.anchor
        if self.spec.live and scenario.extend and now >= self._until:
            # To the end of tomorrow: what lies ahead is not visible before it is uploaded.
            until = (now // DAY + 2) * DAY
            scenario.extend(self._contents, self.spec, self._until, until)
            self._until = until
        return self._contents

    def as_dict(self, now: float, client_id: str) -> dict[str, object]:
        spec = self.spec
        return {
            "name": spec.name, "scenario": spec.scenario, "about": SCENARIOS[spec.scenario].about,
            "region": spec.region, "zone": spec.zone, "days": spec.days,
            "anchor": instant_text(spec.anchor), "live": spec.live,
            "userId": user_id(spec.name, client_id),
            "moments": {name: instant_text(at) for name, at in self.contents(now).moments.items()},
        }  # fmt: skip


class Users:
    """``anchor`` is where data end, ``live`` whether they go on from there."""

    def __init__(self, *, seed: int, anchor: float, live: bool) -> None:
        self._seed, self._anchor, self._live = seed, anchor, live
        self._by_name: dict[str, User] = {}
        for name in SCENARIOS:
            self.put({"name": name, "scenario": name})

    def get(self, name: str) -> User | None:
        return self._by_name.get(name)

    def needed(self, name: str) -> User:
        if user := self.get(name):
            return user
        raise ControlRefused(f"There is no user {name!r}. POST /_sim/users makes one.")

    def __iter__(self) -> Iterator[User]:
        return iter(self._by_name.values())

    def put(self, described: Mapping[str, Any]) -> list[User]:
        """Make or replace one user by ``name``, or ``count`` users by ``prefix``."""
        if "count" not in described:
            return [self._put_one(described)]
        count, prefix = described["count"], str(described.get("prefix", "load"))
        if not isinstance(count, int) or not 0 < count <= MOST_AT_ONCE:
            raise ControlRefused(f"count is a number from 1 to {MOST_AT_ONCE}.")
        rest = {key: value for key, value in described.items() if key not in ("count", "prefix")}
        width = len(str(count))
        return [self._put_one({**rest, "name": f"{prefix}-{number:0{width}}"}) for number in range(1, count + 1)]

    def _put_one(self, described: Mapping[str, Any]) -> User:
        if unknown := set(described) - {
            "name",
            "scenario",
            "region",
            "days",
            "zone",
            "live",
            "seed",
            "delay_h",
            "anchor",
        }:
            raise ControlRefused(f"A user has no {', '.join(sorted(unknown))}.")
        name = str(described.get("name", ""))
        existing = self.get(name)
        scenario_name = str(described.get("scenario", existing.spec.scenario if existing else name))
        if not name or scenario_name not in SCENARIOS:
            raise ControlRefused(f"A user has a name and a scenario, one of {', '.join(SCENARIOS)}.")
        same = existing is not None and existing.spec.scenario == scenario_name
        spec = existing.spec if existing and same else self._usual(name, scenario_name)
        given = {key: value for key, value in described.items() if key not in ("name", "scenario")}
        if "anchor" in given:
            given["anchor"] = control_second(given["anchor"])
        changed = replace(spec, **given)
        _refuse_nonsense(changed)
        if existing and _same_data(existing.spec, changed):
            existing.spec = changed
            return existing
        self._by_name[name] = User(changed)
        return self._by_name[name]

    def _usual(self, name: str, scenario_name: str) -> Spec:
        scenario = SCENARIOS[scenario_name]
        return Spec(
            name=name, scenario=scenario_name, region=scenario.region, seed=self._seed, days=scenario.days,
            anchor=self._anchor, zone=scenario.zone, live=self._live,
        )  # fmt: skip


def _same_data(one: Spec, other: Spec) -> bool:
    """Region and delay change who may see what when, not what there is."""
    return replace(one, region=other.region, delay_h=other.delay_h) == other


def _refuse_nonsense(spec: Spec) -> None:
    if spec.region not in REGIONS:
        raise ControlRefused(f"region is one of {', '.join(REGIONS)}.")
    if not isinstance(spec.days, int) or not 1 <= spec.days <= 3_700:
        raise ControlRefused("days is a number from 1 to 3700.")
    try:
        ZoneInfo(spec.zone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ControlRefused(f"{spec.zone!r} is no time zone.") from None
    if spec.delay_h is not None and (not isinstance(spec.delay_h, int | float) or spec.delay_h < 0):
        raise ControlRefused("delay_h is a number of hours, or null for the delay of the region.")
    if not isinstance(spec.live, bool) or not isinstance(spec.seed, int):
        raise ControlRefused("live is true or false, and seed a whole number.")
