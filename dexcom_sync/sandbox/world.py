"""Everything the server knows. One process and one event loop hold it, so that nothing in it needs a lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dexcom_sync.sandbox.budget import Budget
from dexcom_sync.sandbox.clock import Clock
from dexcom_sync.sandbox.errors import Errors
from dexcom_sync.sandbox.faults import Faults
from dexcom_sync.sandbox.grants import Grants
from dexcom_sync.sandbox.moments import control_second
from dexcom_sync.sandbox.refusals import ControlRefused
from dexcom_sync.sandbox.requests_log import Log
from dexcom_sync.sandbox.switches import Switches
from dexcom_sync.sandbox.users import User, Users
from dexcom_sync.sandbox.views import View

# 2026-06-01T00:00:00Z: data of the sandbox end here, whenever it is started.
ANCHOR = 1_780_272_000.0
HOUR = 3_600
CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105  of a simulated app


@dataclass(frozen=True, slots=True)
class App:
    """A registered client."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """How the server begins, and begins anew after a reset."""

    apps: tuple[App, ...]
    control: bool = False
    seed: int = 1
    live: bool = False


class World:
    def __init__(self, start: Start) -> None:
        self.start = start
        self.begin(seed=start.seed, live=start.live)

    def begin(
        self, *, seed: int, live: bool, anchor: float | None = None, now: float | None = None, rate: float = 1.0
    ) -> None:
        self.clock = Clock(now=now, rate=rate)
        if anchor is None:
            # Live data go on from the beginning of today.
            anchor = self.clock.now() // 86_400 * 86_400 if live else ANCHOR
        self.apps = {app.client_id: app for app in self.start.apps}
        self.switches = Switches()
        self.users = Users(seed=seed, anchor=anchor, live=live)
        self.grants = Grants()
        self.faults = Faults(seed)
        self.errors = Errors()
        self.log = Log()
        self.budget = Budget()

    def reset(self, values: Mapping[str, Any]) -> None:
        if unknown := set(values) - {"seed", "live", "anchor", "now", "rate"}:
            raise ControlRefused(f"A reset takes seed, live, anchor, now and rate, not {', '.join(sorted(unknown))}.")
        times = {name: control_second(values[name]) for name in ("anchor", "now") if values.get(name) is not None}
        self.begin(
            seed=int(values.get("seed", self.start.seed)),
            live=bool(values.get("live", self.start.live)),
            rate=float(values.get("rate", 1.0)),
            **times,
        )

    def view(self, user: User, now: float) -> View:
        hours = self.switches.delay_us_h if user.spec.region == "us" else self.switches.delay_ous_h
        if user.spec.delay_h is not None:
            hours = user.spec.delay_h
        numbers = self.switches.event_value == "number"
        return View(now, hours * HOUR, self.switches.system_time_zone, numbers)

    def register(self, app: App) -> None:
        known = self.apps.get(app.client_id)
        uris = dict.fromkeys([*(known.redirect_uris if known else ()), *app.redirect_uris])
        self.apps[app.client_id] = replace(app, redirect_uris=tuple(uris))
