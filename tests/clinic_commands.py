"""Commands, a template and a claim that the isolation tests look for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devices.commands.models import Kind
from devices.commands.services import order_command
from devices.commands.templates import create_template
from devices.provisioning.claims import create_claim

if TYPE_CHECKING:
    from tests.clinics import Clinic


def add_command_rows(clinic: Clinic, *, canaries: tuple[str, str]) -> None:
    """Needs the clinic's scope. ``canaries``: the clinic's, and that of its second patient's rows."""
    parameters = {"sensorType": canaries[0][:50]}
    ordered: dict[str, Any] = {"type": Kind.READ_SENSOR, "parameters": parameters, "description": canaries[0]}
    create_template(name=f"Template {canaries[0]}", **ordered)
    order_command(device=clinic.devices[0], **ordered)
    create_claim(device=clinic.devices[1])
