"""Base of management commands that touch clinics' data: each names its organization, or says why it means all."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper

from tenancy.directory import OrganizationIdentity, all_organizations, organization_by_code
from tenancy.scope import organization_scope


def find_organization(code: str) -> OrganizationIdentity:
    organization = organization_by_code(code)
    if organization is None:
        known = ", ".join(item.code for item in all_organizations()) or "none yet"
        raise CommandError(f"There is no organization {code!r}. Known: {known}.")
    return organization


def add_organization_choice(parser: ArgumentParser, *, for_all: bool, platform: bool = False) -> None:
    """The options by which a command names its clinic. ``platform``: or what belongs to no clinic."""
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--organization", metavar="CODE", help="the clinic whose data this works on")
    if for_all:
        choice.add_argument("--all-organizations", metavar="REASON", help="every clinic; say why")
    if platform:
        choice.add_argument("--platform", action="store_true", help="what belongs to persons, not to a clinic")


def chosen_organizations(options: Mapping[str, Any], stderr: OutputWrapper) -> list[OrganizationIdentity]:
    if options["organization"]:
        return [find_organization(options["organization"])]
    stderr.write(f"For all organizations: {options['all_organizations']}")
    return all_organizations()


class OrganizationCommand(BaseCommand):
    """``--organization CODE``, or ``--all-organizations REASON`` where ``for_all`` allows it.

    ``handle_organization`` runs inside the organization's scope, once for each organization.
    """

    for_all = False

    def add_arguments(self, parser: CommandParser) -> None:
        add_organization_choice(parser, for_all=self.for_all)

    def handle(self, *args: Any, **options: Any) -> None:
        for organization in chosen_organizations(options, self.stderr):
            with organization_scope(organization.id):
                self.handle_organization(organization, **options)

    def handle_organization(self, organization: OrganizationIdentity, /, **options: Any) -> None:
        raise NotImplementedError("a subclass does the work here")
