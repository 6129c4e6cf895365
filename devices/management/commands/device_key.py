from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from devices.models import Device, DeviceKey
from devices.services import IssuedKey, issue_key, revoke_key, rotate_key
from tenancy.commands import OrganizationCommand
from tenancy.directory import OrganizationIdentity


class Command(OrganizationCommand):
    help = "Issue, rotate or revoke a key that devices post with. A new key is written to standard output, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "action",
            choices=["issue", "rotate", "revoke"],
            help="rotate: a new key, and the old one works for 7 days more; revoke: it is refused from now on",
        )
        super().add_arguments(parser)
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--device", metavar="CODE")
        whose.add_argument("--organization-wide", action="store_true", help="a key for every device of the clinic")
        parser.add_argument(
            "--key",
            metavar="PREFIX",
            help="its first characters, where there are several to rotate or revoke",
        )

    @transaction.atomic
    def handle_organization(self, organization: OrganizationIdentity, /, **options: Any) -> None:
        device = _device(options["device"])
        actions = {"issue": self._issue, "rotate": self._rotate, "revoke": self._revoke}
        try:
            actions[options["action"]](device, options["key"])
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error

    def _issue(self, device: Device | None, prefix: str | None) -> None:
        if prefix:
            raise CommandError("--key names a key that exists already: use it with rotate or revoke.")
        self._show(issue_key(device=device))

    def _rotate(self, device: Device | None, prefix: str | None) -> None:
        key = _live_key(device, prefix)
        self._show(rotate_key(key=key))
        self.stderr.write(f"The old key {key.prefix}… works for 7 days more.")

    def _revoke(self, device: Device | None, prefix: str | None) -> None:
        key = _live_key(device, prefix)
        revoke_key(key=key)
        self.stderr.write(f"Revoked {key.prefix}…: it is refused from now on.")

    def _show(self, issued: IssuedKey) -> None:
        # Alone on standard output, so that it can be piped into a secret store without passing through a screen.
        self.stdout.write(issued.text)
        self.stderr.write("Keep it now: only its digest is stored, it cannot be shown again.")


def _device(code: str | None) -> Device | None:
    if code is None:
        return None
    device: Device | None = Device.objects.named(code).first()
    if device is None:
        raise CommandError(f"The clinic has no device {code!r}.")
    return device


def _live_key(device: Device | None, prefix: str | None) -> DeviceKey:
    live = DeviceKey.objects.live()
    keys = live.filter(device=device) if device else live.filter(device__isnull=True)
    whose = device.code if device else "the whole clinic"
    found: list[DeviceKey] = list(keys.filter(prefix__startswith=prefix[:16]) if prefix else keys)
    if len(found) == 1:
        return found[0]
    if not found:
        raise CommandError(f"There is no live key of {whose}{f' that begins with {prefix}' if prefix else ''}.")
    listed = ", ".join(f"{key.prefix}…" for key in found)
    raise CommandError(f"There are {len(found)} live keys of {whose}: {listed}. Name one with --key.")
