"""How far a simulation is: a table that moves on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table

from simulator.fleet.plan import BATCH_SECONDS, SimulationPlan, What
from simulator.fleet.running import Simulation

SHOWN_EVERY, SAID_EVERY = 0.2, 10.0


def opening(plan: SimulationPlan, *, via: str) -> str:
    what = {What.GLUCOSE: "glucose", What.VITALS: "six vital signs", What.ALL: "glucose and six vital signs"}[plan.what]
    sentence = f"{plan.patients} patients from {plan.start_id} on: {what}, {plan.rate:g} records a second"
    if via == "direct":
        return f"{sentence}, straight into the store."
    if plan.single:
        return f"{sentence}, each posted by itself with its device's key."
    why = "as that is more than one reading in 30 seconds from a device, each posts batches"
    if plan.what is not What.GLUCOSE:
        why = "each device posts batches, for vital signs have no other door"
    return f"{sentence}; {why}, one every {max(BATCH_SECONDS, plan.seconds_between):g} s."


def closing(simulation: Simulation) -> str:
    tally, plan = simulation.tally, simulation.plan
    rate = tally.records / simulation.elapsed if simulation.elapsed else 0.0
    live = f"{tally.records:,} records live, {rate:.2f} a second ({100 * rate / plan.rate:.0f} % of {plan.rate:g}). "
    return (
        f"{live if tally.records else ''}{tally.created:,} values stored, {tally.duplicates:,} were there already, "
        f"{tally.rejected:,} refused; {tally.posts:,} posts, {tally.heartbeats:,} heartbeats."
    )


class Display:
    """``say`` prints a line."""

    def __init__(self, say: Callable[[str], object], *, is_terminal: bool) -> None:
        self._say = say
        self._live = Live(console=Console(), auto_refresh=False, transient=True) if is_terminal else None
        self._shown = 0.0

    def __enter__(self) -> Display:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, simulation: Simulation) -> None:
        now = time.monotonic()
        if now - self._shown < (SHOWN_EVERY if self._live else SAID_EVERY):
            return
        self._shown = now
        if self._live:
            self._live.update(_table(simulation), refresh=True)
        else:
            self._say(", ".join(f"{name} {value}" for name, value in _figures(simulation).items()))


def _figures(simulation: Simulation) -> dict[str, str]:
    tally = simulation.tally
    rate = tally.records / simulation.elapsed if simulation.elapsed else 0.0
    waiting = sum(len(member.device.waiting) for member in simulation.members)
    batteries = [member.device.battery for member in simulation.members]
    return {
        simulation.phase_text: f"{simulation.now:%Y-%m-%d %H:%M:%S} UTC",
        "records": f"{tally.records:,} ({rate:.1f}/s of {simulation.plan.rate:g})",
        "stored": f"{tally.created:,}",
        "duplicates": f"{tally.duplicates:,}",
        "refused": f"{tally.rejected:,}",
        "posts": f"{tally.posts:,} ({tally.repeated_posts:,} repeated)",
        "heartbeats": f"{tally.heartbeats:,}",
        "offline": f"{simulation.offline} of {len(batteries)}, {waiting:,} wait",
        "lowest battery": f"{min(batteries):.0f} %",
    }


def _table(simulation: Simulation) -> Table:
    table = Table(show_header=False, box=None)
    for name, value in _figures(simulation).items():
        table.add_row(name, value)
    for sentence, times in simulation.tally.troubles.most_common(3):
        table.add_row(f"[yellow]{times:,} times[/]", sentence.replace("[", r"\["))
    return table
