"""From nothing to a running platform with two clinics, and back."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from glucose_platform import embedded
from glucose_platform.demo.places import DemoError, forget, only_demo_here, secret_key_file
from glucose_platform.demo.processes import children, manage, refuse_busy_port, set_environment
from glucose_platform.demo.welcome import welcome
from glucose_platform.embedded.state import DATABASE_NAMES, REDIS_NAMES, given
from glucose_platform.supervisor import Supervisor

Say = Callable[[str], None]
CLINICS = ("northside", "southside")


def run(*, state_dir: Path, port: int, say: Say) -> int:
    """The exit code. Raises DemoError or EmbeddedError where the platform cannot start."""
    refuse_production()
    refuse_busy_port(port)
    with only_demo_here(state_dir), _stoppable():
        set_environment(port=port, secret_key_file=secret_key_file(state_dir))
        try:
            say("Starting PostgreSQL and Valkey …")
            services = embedded.start_missing(state_dir, os.environ)
            place = f"Data are in {services.data}." if services else "DATABASE_URL and REDIS_URL are used as given."
            say(place)
            say("Bringing the database up to date …")
            manage("migrate", "--no-input", "--verbosity", "0")
            for clinic in CLINICS:
                say(f"Filling the clinic {clinic} up to now …")
                manage("seed_demo", "--organization", clinic)
            say("Starting web, worker, scheduler and devices …")
            return Supervisor(children(port), on_ready=lambda: say(welcome(port))).run()
        finally:
            _stop_services(state_dir, say)


def reset(*, state_dir: Path, say: Say) -> None:
    """Throw the demo's data away. Raises DemoError where they are not ours to throw away, or in use."""
    if found := given(os.environ, DATABASE_NAMES + REDIS_NAMES):
        raise DemoError(
            f"{found[0]} is set: the demo removes the data of its own PostgreSQL and Valkey only. "
            "Unset it, or remove the data on your server yourself."
        )
    if not state_dir.exists():
        say("There is nothing to remove.")
        return
    with only_demo_here(state_dir):
        embedded.remove(state_dir)
        forget(state_dir)
    say("The demo's data are gone. The next `make demo` starts anew.")


def refuse_production() -> None:
    if os.environ.get("APP_ENV") == "production":
        raise DemoError("APP_ENV is production: the demo's people and keys are public. Unset it to run the demo.")


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM and a closed terminal end the preparations as Ctrl-C does, so that the services are stopped again."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    former = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _stop_services(state_dir: Path, say: Say) -> None:
    former = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        if ended := embedded.stop(state_dir):
            say(f"Stopped {' and '.join(ended)}.")
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
