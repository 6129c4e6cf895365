"""The users of the sandbox: what each of them has, generated when somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from dexcom_sync.sandbox.contents import Contents
from dexcom_sync.sandbox.scenarios import copies, entries, everyday, oddities, times
from dexcom_sync.sandbox.scenarios.routines import Routine
from dexcom_sync.sandbox.scenarios.specs import Spec

SHIPPED_DAYS = 35


@dataclass(frozen=True, slots=True)
class Scenario:
    """``extend`` adds what happens between two instants; scenarios without it end where they end."""

    about: str
    build: Callable[[Spec], Contents]
    zone: str = "America/New_York"
    region: str = "us"
    days: int = SHIPPED_DAYS
    extend: Callable[[Contents, Spec, float, float], None] | None = None


def _everyday(about: str, *routines: Routine, zone: str, region: str = "us", days: int = 35) -> Scenario:
    def build(spec: Spec) -> Contents:
        return everyday.everyday(spec, *routines)

    return Scenario(about, build, zone, region, days, partial(_extend, routines[-1]))


def _extend(routine: Routine, contents: Contents, spec: Spec, first: float, until: float) -> None:
    everyday.live_with(contents, spec, routine, first, until)


SCENARIOS: dict[str, Scenario] = {
    "SandboxUser7": _everyday("G7, mobile app", everyday.G7, zone="America/Los_Angeles"),
    "SandboxUser6": _everyday(
        "G6, mobile app, calibrations, every alert", everyday.G6_ON_IOS, everyday.G6, zone="America/New_York"
    ),
    "SandboxUser8": _everyday("Dexcom ONE+, mobile app", everyday.ONE_PLUS, zone="Europe/Berlin", region="eu"),
    "SandboxUser4": _everyday("G6, touchscreen receiver", everyday.RECEIVER, zone="America/Chicago", days=45),
    "edge-one": _everyday("Dexcom ONE: no events, no calibrations", everyday.ONE, zone="Europe/London", region="eu"),
    "edge-empty": Scenario("No data at all", lambda spec: Contents()),
    "edge-times": Scenario("Every shape of a time", times.shapes, zone="America/Los_Angeles"),
    "edge-clock": Scenario("A clock that is 20 h ahead, then 40 days behind, then right", times.wrong_clock),
    "edge-dst": Scenario("Clocks go back and forward, a flight, a zone of 5:45", times.changes_of_the_clock),
    "edge-dual": Scenario("Phone and receiver tell the same readings", copies.dual),
    "edge-dup": Scenario("The same systemTime, and the same recordId, twice", copies.duplicates),
    "edge-late": Scenario("A day uploaded a day later; a receiver's, three weeks later", copies.late),
    "edge-events": Scenario("Events that are edited, moved, deleted, incomplete", entries.edited_events),
    "edge-nulls": Scenario("Everything that may be null or missing", oddities.nulls),
    "edge-enums": Scenario("New words in every enumeration", oddities.enums),
    "edge-values": Scenario("Values beyond the range, states that contradict them, other units", oddities.values),
    "edge-settings": Scenario("Odd schedules and settings of alerts", oddities.settings),
    "edge-big": Scenario("Two years, two devices, about 420,000 readings", copies.big, days=copies.BIG_DAYS),
}
