from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.passwords import DEMO_PASSWORD
from simulator.fleet.people import NotHereError, refuse_production
from simulator.loadtest.endpoint import MOST_CONCURRENCY, MOST_REQUESTS, MOST_SECONDS, ask_often
from simulator.loadtest.hosts import RefusedHostError, refuse_strangers
from simulator.loadtest.ledger import close_ledger
from simulator.loadtest.picture import draw
from simulator.loadtest.plan import PlanError, read_plan
from simulator.loadtest.rate import MOST_RATE, RateRun
from simulator.loadtest.report import LoadReport
from simulator.loadtest.scenario import NotThisPlatformError, run_scenario

ENDPOINT = "/api/v1/users/user_5678/glucose/history?period=24h"
DEMO_LOGIN = "nurse@northside.example"
PASSWORD = "LOADTEST_PASSWORD"  # noqa: S105  the name of the variable that holds it


class Command(BaseCommand):
    help = (
        "Load a running platform. Without more: one address, again and again. --scenario: clinics at work, then a "
        "ledger of what was acknowledged, seen and alarmed. --find-rate, --hold-rate: posts of devices. The exit "
        "code is 1 where something is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default=settings.PUBLIC_URL, help="where the platform answers (%(default)s)")
        parser.add_argument("--i-may-load", metavar="HOST", default="", help="a host other than this machine")
        parser.add_argument("--endpoint", default=ENDPOINT, help="path (the demo patient's history)")
        parser.add_argument("--requests", type=int, default=100, help="how many (100)")
        parser.add_argument("--concurrency", type=int, default=10, help="at once (10)")
        parser.add_argument("--seconds", type=float, default=300.0, help="no longer than this (300)")
        who = parser.add_mutually_exclusive_group()
        who.add_argument("--token", help="an access token")
        who.add_argument("--login", metavar="EMAIL", help=f"sign in; the password is asked for, or in {PASSWORD}")
        who.add_argument("--device-key", metavar="KEY", help="a device's key")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--scenario", metavar="PLAN", help="clinics=2,patients=50,minutes=5,staff=2,phones=5,jumps=0")
        what.add_argument("--find-rate", action="store_true", help="the highest rate of posts below --p99")
        what.add_argument("--hold-rate", type=float, metavar="RATE", help="so many posts a second, for --seconds")
        parser.add_argument("--speed", type=float, default=1.0, help="of a scenario's sensors: 1 is 288 values a day")
        parser.add_argument("--p99", type=float, default=180.0, help="milliseconds (180)")
        parser.add_argument("--json", type=Path, metavar="FILE", help="the report for programs")
        parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="the answers' times")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_strangers(options["url"], permitted=options["i_may_load"])
            report = self._report(options)
        except (RefusedHostError, PlanError, NotHereError, NotThisPlatformError) as error:
            raise CommandError(str(error)) from error
        report.show(self.stdout)  # type: ignore[arg-type]
        if options["json"]:
            report.write_json(options["json"])
        if options["picture"]:
            draw(report.what, report.samples, report.steps, options["picture"], limit_ms=options["p99"])
        if report.all_problems:
            sys.exit(1)

    def _report(self, options: dict[str, Any]) -> LoadReport:
        if options["scenario"] is not None:
            return _scenario(options)
        if options["find_rate"] or options["hold_rate"] is not None:
            return self._rate(options)
        return self._endpoint(options)

    def _endpoint(self, options: dict[str, Any]) -> LoadReport:
        requests, concurrency, seconds = (options[name] for name in ("requests", "concurrency", "seconds"))
        if not (0 < requests <= MOST_REQUESTS and 0 < concurrency <= MOST_CONCURRENCY and 0 < seconds <= MOST_SECONDS):
            raise CommandError(
                f"--requests is 1 to {MOST_REQUESTS:,}, --concurrency 1 to {MOST_CONCURRENCY}, --seconds at most "
                f"{MOST_SECONDS:,}."
            )
        sample = ask_often(
            url=options["url"], endpoint=options["endpoint"], headers=_headers(options), requests=requests,
            concurrency=concurrency, seconds=seconds,
        )  # fmt: skip
        failed = sample.total - sample.successful
        problems = [f"{failed:,} of {sample.total:,} requests failed."] if failed else []
        return LoadReport(f"{requests:,} requests, {concurrency} at once", [sample], problems=problems)

    def _rate(self, options: dict[str, Any]) -> LoadReport:
        refuse_production()
        rate, seconds = options["hold_rate"], options["seconds"]
        if rate is not None and not (0 < rate <= MOST_RATE and 0 < seconds <= MOST_SECONDS):
            raise CommandError(f"--hold-rate is at most {MOST_RATE:g}, --seconds at most {MOST_SECONDS:,}.")
        # One second more than the door asks for: its clock is not ours.
        search = RateRun(options["url"], options["p99"], settings.MAX_GLUCOSE_READING_RATE + 1, self.stdout.write)
        held = search.find() if rate is None else search.hold(rate, seconds)
        problems = []
        if held is None:
            problems.append(f"No rate was held with a P99 below {options['p99']:g} ms.")
            what = "The highest rate was not found"
        elif rate is None:
            what = f"The highest rate with a P99 below {options['p99']:g} ms: {held.rate:.0f} posts a second"
        else:
            what = f"{rate:g} posts a second for {seconds:g} s"
            if not held.passed:
                problems.append(f"Held were {held.reached:.1f}/s with a P99 of {held.p99_ms:.0f} ms.")
        samples = [held.sample] if held else [search.run.posts]
        return LoadReport(what, samples, search.steps, close_ledger(search.run, with_alarms=False), problems)


def _scenario(options: dict[str, Any]) -> LoadReport:
    refuse_production()
    plan = read_plan(options["scenario"], speed=options["speed"])
    run = run_scenario(plan, url=options["url"])
    what = (
        f"{plan.clinics} clinics x {plan.patients} patients for {plan.minutes:g} minutes, {plan.readings_a_second:.1f} "
        f"readings a second; {plan.staff} staff and {plan.phones} phones each"
    )
    return LoadReport(what, [run.posts, run.reads], ledger=close_ledger(run))


def _headers(options: dict[str, Any]) -> dict[str, str]:
    if options["device_key"]:
        return {"X-API-Key": options["device_key"]}
    token = options["token"] or _signed_in(options)
    return {"Authorization": f"Bearer {token}"} if token else {}


def _signed_in(options: dict[str, Any]) -> str:
    """Empty: nobody was named, and this is not the demo, whose nurse stands in."""
    email, password = options["login"], os.environ.get(PASSWORD, "")
    if not email:
        if not settings.DEMO:
            return ""
        email, password = DEMO_LOGIN, DEMO_PASSWORD
    said = {"email": email, "password": password or getpass.getpass(f"Password of {email}: ")}
    try:
        answer = httpx.post(f"{options['url'].rstrip('/')}/api/v1/auth/login", json=said, timeout=30, trust_env=False)
    except httpx.HTTPError as error:
        raise CommandError(f"No server answers at {options['url']} ({type(error).__name__}).") from error
    if answer.status_code != httpx.codes.OK:
        raise CommandError(f"The sign-in of {email} was answered with {answer.status_code}: {answer.text[:200]}")
    return str(answer.json()["access_token"])
