"""The pages of a device's commands, and of claim codes."""

from __future__ import annotations

from typing import Any

import pytest

from devices.commands.models import DeviceCommand, Kind
from devices.provisioning.models import ClaimCode
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db
CLAIMS = "/admin/fleet/claims/"


def commands_page(clinic: Clinic) -> str:
    return f"/admin/fleet/{clinic.devices[0].public_id}/commands/"


def posted(client: Any, page: str, **said: Any) -> Any:
    return client.post(page, said, follow=True)


def test_a_command_is_sent_taken_back_and_tried_again(northside: Clinic, southside: Clinic) -> None:
    client, page = northside.admin("admin"), commands_page(northside)
    refused = posted(client, page, action="send", type="read_sensor", parameters="{}")
    assert "sensorType: Field required." in refused.content.decode()
    broken = posted(client, page, action="send", type="restart", parameters='{"a": 1, "a": 2}')
    assert "w-alert" in broken.content.decode()
    sent = posted(client, page, action="send", type="restart", description="<b>hangs</b>", retries="2", priority="4")
    assert "&lt;b&gt;hangs&lt;/b&gt;" in sent.content.decode()
    with northside.scope():
        command = DeviceCommand.objects.get()
        assert (command.type, command.retries, command.priority, command.timeout_seconds) == (Kind.RESTART, 2, 4, 300)
    named = {"command": str(command.public_id)}
    assert "by mistake" in posted(client, page, action="cancel", reason="by mistake", **named).content.decode()
    posted(client, page, action="retry", **named)
    with northside.scope():
        assert DeviceCommand.objects.get().attempt == 1
    assert southside.admin("admin").get(page).status_code == 404
    assert northside.admin("viewer").post(page, {"action": "send", "type": "restart"}).status_code == 403
    nurse = posted(northside.admin("nurse"), page, action="send", type="reset")
    assert "Select a valid choice" in nurse.content.decode()


def test_a_claim_code_is_shown_once(northside: Clinic) -> None:
    client = northside.admin("owner")
    shown = posted(client, CLAIMS, action="make", device="ARGUS_555555", name="Bed 5", valid_for="24").content.decode()
    assert "claim-code" in shown
    assert "data:image/svg+xml" in shown
    assert "claim-code" not in client.get(CLAIMS).content.decode()
    with northside.scope():
        claim = ClaimCode.objects.get()
        assert claim.device.code == "ARGUS_555555"
    posted(client, CLAIMS, action="withdraw", claim=str(claim.public_id))
    with northside.scope():
        assert ClaimCode.objects.get().withdrawn_at is not None
    assert "w-alert" in posted(client, CLAIMS, action="make", device="no spaces", valid_for="24").content.decode()
    assert northside.admin("nurse").get(CLAIMS).status_code == 403
