from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from simulator.fleet.device import WELL_BEHAVED, Habits, VirtualDevice
from simulator.fleet.people import NotHereError, give_back, refuse_production, take_devices
from simulator.fleet.plan import PHASED_SECONDS, PlanError, SimulationPlan, What
from simulator.fleet.running import Simulation
from simulator.fleet.showing import Display, closing, opening
from simulator.fleet.ways import Direct, OverHttp
from simulator.traces import Wearer
from tenancy.commands import OrganizationCommand
from tenancy.directory import OrganizationIdentity


class Command(OrganizationCommand):
    help = (
        "Simulate patients with their devices: glucose by the UVA/Padova equations, six vital signs, or both. The "
        "patients sim_0001, sim_0002, ... and their devices SIM_0001, ... are made where they are missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        kinds = [what.value for what in What]
        parser.add_argument("--kind", choices=kinds, default="glucose", help="what is measured (glucose)")
        parser.add_argument("--rate", type=float, default=5.0, help="records a second, of all patients together (5)")
        parser.add_argument("--patients", type=int, default=5, help="how many (5)")
        parser.add_argument("--start-id", type=int, default=1, help="the number of the first (1)")
        parser.add_argument("--duration", type=float, default=0.0, help="seconds; 0: until it is stopped (0)")
        parser.add_argument("--days", type=float, default=0.0, help="so many days of the past first (0)")
        parser.add_argument("--via", choices=["http", "direct"], default="http", help="the way in (http)")
        parser.add_argument("--url", default=settings.PUBLIC_URL, help="where the platform answers (%(default)s)")
        parser.add_argument("--speed", type=float, default=1.0, help="how fast time passes, until it is now (1)")
        parser.add_argument(
            "--phased", action="store_true", help="vital signs: after 5 s some warning, 10 s some critical"
        )
        parser.add_argument("--tidy", action="store_true", help="devices without offline spells, repeats, wrong clocks")

    def handle_organization(self, organization: OrganizationIdentity, /, **options: Any) -> None:
        try:
            refuse_production()
            plan = _plan(options)
        except (NotHereError, PlanError) as error:
            raise CommandError(str(error)) from error
        if options["via"] == "direct" and plan.what is not What.GLUCOSE:
            raise CommandError(
                "--via direct stores glucose only; vital signs come in as devices send them: --via http."
            )
        habits = WELL_BEHAVED if options["tidy"] else Habits()
        with _devices(plan, habits) as devices:
            self._simulate(plan, devices, options)

    def _simulate(
        self,
        plan: SimulationPlan,
        devices: list[tuple[VirtualDevice, Wearer]],
        options: dict[str, Any],
    ) -> None:
        self.stdout.write(opening(plan, via=options["via"]))
        stop = threading.Event()
        way: OverHttp | Direct = (
            OverHttp(url=options["url"], wait=stop.wait, single=plan.single) if options["via"] == "http" else Direct()
        )
        with Display(self.stdout.write, is_terminal=sys.stdout.isatty()) as display, _stopped_by_signals(stop):
            simulation = Simulation(plan, devices, way, wait=stop.wait, show=display.show)
            simulation.run()
        if isinstance(way, OverHttp):
            way.close()
        self.stdout.write(closing(simulation))
        for sentence, times in simulation.tally.troubles.most_common():
            self.stderr.write(f"{times:,} times: {sentence}")


def _plan(options: dict[str, Any]) -> SimulationPlan:
    phased, what = options["phased"], What(options["kind"])
    if phased and what is What.GLUCOSE:
        what = What.VITALS
    return SimulationPlan(
        what=what,
        # The demonstration has a record of everybody each second, for ten minutes.
        rate=float(options["patients"]) if phased else options["rate"],
        patients=options["patients"],
        start_id=options["start_id"],
        duration=options["duration"] or (PHASED_SECONDS if phased else 0.0),
        days=options["days"],
        speed=options["speed"],
        phased=phased,
    )


@contextmanager
def _devices(plan: SimulationPlan, habits: Habits) -> Iterator[list[tuple[VirtualDevice, Wearer]]]:
    """With keys that stop at the end."""
    try:
        taken = take_devices(numbers=plan.numbers, now=datetime.now(tz=UTC), habits=habits)
    except ValidationError as error:
        raise CommandError("\n".join(error.messages)) from error
    try:
        yield taken
    finally:
        give_back([device for device, _ in taken])


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT)
    former = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
