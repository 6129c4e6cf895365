from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands, load_command_class

from patients.models import Patient
from tenancy.checks import OUR_APPS
from tenancy.commands import OrganizationCommand
from tenancy.directory import OrganizationIdentity
from tests.clinics import Clinic

pytestmark = pytest.mark.promise(7)

OURS = {name: app for name, app in get_commands().items() if app in OUR_APPS | {"glucose_platform"}}
# Commands that take no organization, each with the reason.
WITHOUT_ORGANIZATION = {
    "audit": "each of its actions names one, see audit.tests.test_command",
    "backup": "the whole database, as the owner; shows nothing of a clinic",
    "billing": "each of its actions names one, or looks at how all stand, see accounts.tests.plans.test_command",
    "changepassword": "refuses, and says what to do instead",
    "create_organization": "makes one",
    "createsuperuser": "refuses, and says what to do instead",
    "database": "roles and grants, before there is any organization",
    "services": "starts and stops servers",
    "demo": "starts the demo's processes; clinics are filled by seed_demo",
    "evaluate_alarms": "looks at each clinic's patients in its scope; shows nothing of a clinic",
    "dexcom": "each of its actions names one, or looks at how all stand, see dexcom_sync.tests.test_command",
    "dexcom_sandbox": "serves simulated people, and knows no clinic",
    "doctor": "looks at the installation; of clinics it tells how many ledgers are late",
    "demo_devices": "posts over HTTP with device keys, as a device does",
    "seed_demo": "makes the demo clinic that it names",
    "keys": "generate is for an installation without clinics; each other action names one, see test_keys_command",
    "loadtest": "loads a server over HTTP; its scenario makes clinics of its own and looks at each in its scope",
    "migrate": "the schema, as the owner",
    "rehearse_restore": "a whole backup, in a cluster of its own; tells numbers of each clinic",
    "reset_second_factor": "a second factor is a person's; each clinic of the person reads of it in its ledger",
    "restore": "the whole database, before there is any organization",
    "runserver": "serves all clinics, as the web server does",
    "support_person": "support belongs to the platform",
    "partitions": "months are the whole platform's",
    "summaries": "tells and works off how many days wait, each clinic in its scope; shows nothing of a clinic",
}


class CountPatients(OrganizationCommand):
    for_all = True

    def handle_organization(self, organization: OrganizationIdentity, /, **options: Any) -> None:
        self.stdout.write(f"{organization.code} {Patient.objects.count()}")


class CountOne(CountPatients):
    for_all = False


def run(command: type[OrganizationCommand], *arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(command(), *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_names_its_organization_or_a_reason(name: str) -> None:
    command = load_command_class(OURS[name], name)
    parser = command.create_parser("manage.py", name)
    required = {
        option
        for group in parser._mutually_exclusive_groups
        if group.required
        for action in group._group_actions
        for option in action.option_strings
    } | {option for action in parser._actions if action.required for option in action.option_strings}

    assert (isinstance(command, OrganizationCommand) and "--organization" in required) != (name in WITHOUT_ORGANIZATION)


def test_no_reason_is_kept_for_a_command_that_is_gone() -> None:
    assert set(WITHOUT_ORGANIZATION) <= set(OURS)


def test_every_folder_of_commands_is_one_that_django_finds() -> None:
    files = {
        path.stem
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(settings.BASE_DIR) and ".venv" not in config.path
        for path in Path(config.path, "management", "commands").glob("[a-z]*.py")
    }
    assert files == set(OURS)


@pytest.mark.django_db
def test_it_runs_inside_the_organization(northside: Clinic, southside: Clinic) -> None:
    assert run(CountPatients, "--organization", "northside") == ("northside 2\n", "")


@pytest.mark.django_db
def test_all_organizations_need_a_reason_which_is_told(northside: Clinic, southside: Clinic) -> None:
    out, err = run(CountPatients, "--all-organizations", "a census")

    assert out == "northside 2\nsouthside 2\n"
    assert "For all organizations: a census" in err


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (CountPatients, []),
        (CountPatients, ["--organization", "northside", "--all-organizations", "both"]),
        (CountOne, ["--all-organizations", "not offered"]),
    ],
)
def test_anything_else_is_refused(command: type[OrganizationCommand], arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(command, *arguments)


@pytest.mark.django_db
def test_an_unknown_organization_is_told_with_the_known_ones(northside: Clinic) -> None:
    with pytest.raises(CommandError, match=r"There is no organization 'nowhere'\. Known: northside\."):
        run(CountPatients, "--organization", "nowhere")
