"""A command from its order to its end, as people and the device see it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit.models import Entry
from devices.commands.models import CommandStep, DeviceCommand, Status
from devices.commands.sweep import remove_old, take_due_steps
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic
from tests.rest import problems, send

pytestmark = pytest.mark.django_db
OURS, OTHERS = "ARGUS_001234", "ARGUS_002468"


def order(clinic: Clinic, role: str = "admin", device: str = OURS, **said: Any) -> str:
    answer = send(clinic.api(role), "POST", f"/api/v1/devices/{device}/commands", {"type": "restart", **said})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def fetch(clinic: Clinic, query: str = "") -> list[dict[str, Any]]:
    answer = clinic.device_api().get(f"/api/v1/devices/{OURS}/commands{query}")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()
    return found


def report(clinic: Clinic, command: str, status: str, **said: Any) -> tuple[int, Any]:
    url = f"/api/v1/devices/{OURS}/commands/{command}"
    answer = send(clinic.device_api(), "PUT", url, {"status": status, **said})
    return answer.status_code, answer.json()


def shown(clinic: Clinic, command: str) -> dict[str, Any]:
    body: dict[str, Any] = clinic.api("viewer").get(f"/api/v1/commands/{command}").json()
    return body


def steps(clinic: Clinic, command: str) -> list[tuple[str, int]]:
    return [(step["status"], step["retryAttempt"]) for step in shown(clinic, command)["history"]]


def pass_time(clinic: Clinic, seconds: int) -> None:
    """As if everything had happened so much earlier, and then the sweep."""
    ago = timedelta(seconds=seconds)
    times = ("due_at", "expires_at", "offer_again_at", "next_step_at", "sent_at", "executing_at", "finished_at")
    with clinic.scope(), transaction.atomic(), audited_elsewhere("a test"):
        DeviceCommand.objects.update(**{name: F(name) - ago for name in times})
        take_due_steps(timezone.now())


def test_from_the_order_to_the_result(northside: Clinic) -> None:
    command = order(northside, "nurse", parameters={"delaySeconds": 5}, description="hangs since noon")
    (given,) = fetch(northside)
    expires_in = datetime.fromisoformat(given.pop("expiresAt")) - timezone.now()
    assert given == {"id": command, "type": "restart", "parameters": {"delaySeconds": 5}}
    assert timedelta(seconds=295) < expires_in <= timedelta(seconds=300)

    answered = {"id": command, "type": "restart", "status": "executing", "retryAttempt": 0}
    assert report(northside, command, "executing") == report(northside, command, "executing") == (200, answered)
    ended = report(northside, command, "completed", result={"boots": 7})
    assert (
        ended
        == report(northside, command, "completed", result={"boots": 7})
        == (200, {**answered, "status": "completed"})
    )
    assert report(northside, command, "completed", result={"boots": 8})[0] == 409
    assert report(northside, command, "failed")[0] == report(northside, command, "executing")[0] == 409

    body = shown(northside, command)
    assert (body["status"], body["result"], body["deliveries"]) == ("completed", {"boots": 7}, 1)
    assert body["executionTimeMs"] >= 0
    assert body["requestedBy"].startswith("Nurse")
    assert [step["status"] for step in body["history"]] == ["pending", "sent", "executing", "completed"]
    with northside.scope():
        created = Entry.objects.get(object_type="devices.devicecommand", object_id=command)
    assert created.action == "create"

    figures = northside.api("viewer").get("/api/v1/devices/commands/stats").json()
    assert (figures["total"], figures["successRate"], figures["byStatus"]["completed"]) == (1, 1.0, 1)
    assert (figures["byType"]["restart"], figures["byPriority"]["normal"]) == (1, 1)
    assert figures["avgExecutionTimeMs"] >= 0


def test_the_most_urgent_first_then_the_oldest_and_none_before_its_time(northside: Clinic) -> None:
    low, first, second = (order(northside, priority=priority) for priority in ("low", "high", "high"))
    later = order(northside, priority="critical", scheduledAt=(timezone.now() + timedelta(hours=1)).isoformat())
    assert [given["id"] for given in fetch(northside, "?limit=2")] == [first, second]
    assert [given["id"] for given in fetch(northside)] == [low]
    assert fetch(northside) == []
    pass_time(northside, 3601)
    assert later in [given["id"] for given in fetch(northside)]


def test_what_was_fetched_and_never_reported_is_given_again_until_it_expires(northside: Clinic) -> None:
    command = order(northside)
    (given,) = fetch(northside)
    assert fetch(northside) == []
    pass_time(northside, 61)
    (again,) = fetch(northside)
    # The times of the first were moved by a minute; time to do it does not begin anew.
    moved = datetime.fromisoformat(given["expiresAt"]) - timedelta(seconds=61)
    assert abs(datetime.fromisoformat(again["expiresAt"]) - moved) < timedelta(seconds=1)
    assert report(northside, command, "executing")[0] == 200
    pass_time(northside, 61)
    assert fetch(northside) == []
    assert shown(northside, command)["deliveries"] == 2
    pass_time(northside, 300)
    status, body = report(northside, command, "completed")
    assert (status, body["detail"][:20]) == (409, "The command expired ")
    assert steps(northside, command)[-1] == ("timeout", 0)


def test_a_report_after_the_end_of_its_time_is_refused_before_the_sweep_comes(northside: Clinic) -> None:
    command = order(northside)
    fetch(northside)
    with northside.scope(), transaction.atomic(), audited_elsewhere("a test"):
        DeviceCommand.objects.update(expires_at=timezone.now())
    assert report(northside, command, "completed")[0] == 409
    assert shown(northside, command)["status"] == "sent"


def test_timeouts_and_failures_are_tried_again_as_often_as_was_said(northside: Clinic) -> None:
    command = order(northside, retries=2, retryDelaySeconds=60, timeoutSeconds=30)
    # Three intervals of 300 s in which the device did not fetch it.
    pass_time(northside, 899)
    assert shown(northside, command)["status"] == "pending"
    pass_time(northside, 2)
    assert (shown(northside, command)["status"], fetch(northside)) == ("timeout", [])
    assert shown(northside, command)["retryAt"] is not None
    pass_time(northside, 61)
    assert [given["id"] for given in fetch(northside)] == [command]
    assert report(northside, command, "failed", error="no power")[1]["retryAttempt"] == 1
    pass_time(northside, 61)
    assert len(fetch(northside)) == 1
    assert report(northside, command, "failed", error="no power")[0] == 200
    body = shown(northside, command)
    assert (body["status"], body["retryAttempt"], body["retryAt"], body["errorMessage"]) == (
        "failed",
        2,
        None,
        "no power",
    )
    pass_time(northside, 4000)
    assert steps(northside, command) == [
        *[("pending", 0), ("timeout", 0), ("pending", 1), ("sent", 1), ("failed", 1)],
        *[("pending", 2), ("sent", 2), ("failed", 2)],
    ]


def test_cancelled_and_tried_again_by_hand(northside: Clinic) -> None:
    api, command = northside.api("clinician"), order(northside)
    fetch(northside)
    url = f"/api/v1/commands/{command}"
    assert problems(send(api, "POST", f"{url}/cancel", {"reason": "x" * 201})) == [("max_length", ["body", "reason"])]
    assert send(api, "POST", f"{url}/cancel", {"reason": "wrong device"}).json()["cancelReason"] == "wrong device"
    assert send(api, "POST", f"{url}/cancel", {}).status_code == 422
    assert report(northside, command, "completed")[0] == 409
    again = send(api, "POST", f"{url}/retry", None).json()
    assert (again["status"], again["retryAttempt"], again["cancelReason"]) == ("pending", 1, "")
    assert [given["id"] for given in fetch(northside)] == [command]
    assert send(api, "POST", f"{url}/retry", None).status_code == 422
    with northside.scope():
        reasons = Entry.objects.filter(object_id=command).order_by("id").values_list("reason", flat=True)
        assert list(reasons) == ["", "wrong device", "tried again by hand"]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"type": "explode"}, "type"),
        ({"priority": "urgent"}, "priority"),
        ({"timeoutSeconds": 29}, "timeoutSeconds"),
        ({"timeoutSeconds": 3601}, "timeoutSeconds"),
        ({"retries": 6}, "retries"),
        ({"retryDelaySeconds": 9}, "retryDelaySeconds"),
        ({"description": "x" * 501}, "description"),
        ({"scheduledAt": "2020-01-01T00:00:00Z"}, "scheduledAt"),
        ({"parameters": {"delay": 1}}, "parameters"),
        ({"template": "00000000-0000-4000-8000-000000000000"}, "template"),
        ({"metadata": {}}, "metadata"),
    ],
)
def test_what_is_refused(northside: Clinic, said: dict[str, Any], problem: str) -> None:
    answer = send(northside.api("admin"), "POST", f"/api/v1/devices/{OURS}/commands", {"type": "restart", **said})
    assert (answer.status_code, [item["loc"][-1] for item in answer.json()["detail"]]) == (422, [problem])
    with northside.scope():
        assert not DeviceCommand.objects.exists()


def test_what_a_device_may_not(northside: Clinic, southside: Clinic) -> None:
    """Fetch or report what is another device's, of its own clinic or of another with the same code."""
    command, theirs = order(northside), order(southside)
    other = northside.device_api()
    assert other.get(f"/api/v1/devices/{OTHERS}/commands").status_code == 404
    others = order(northside, device=OTHERS)
    fetch(northside)
    for name, expected in ((command, 200), (theirs, 404), (others, 404), ("nonsense", 404)):
        assert report(northside, name, "executing")[0] == expected
    assert report(northside, command, "cancelled")[0] == 422
    assert report(northside, command, "completed", result="x" * 16_384)[0] == 422
    with southside.scope():
        assert DeviceCommand.objects.get().status == Status.PENDING


@pytest.mark.promise(20)
def test_firmware_and_resets_are_for_owners_and_admins(northside: Clinic) -> None:
    firmware = {"type": "update_firmware", "parameters": {"url": "https://firmware.example/1.bin"}}
    url = f"/api/v1/devices/{OURS}/commands"
    for body in (firmware, {"type": "reset"}, {"type": "custom", "parameters": {"name": "blink"}}):
        assert send(northside.api("clinician"), "POST", url, body).status_code == 403
        bulk = {**body, "devices": [OURS]}
        assert send(northside.api("nurse"), "POST", "/api/v1/devices/commands/bulk", bulk).status_code == 403
    made = send(northside.api("owner"), "POST", url, firmware)
    assert made.status_code == 201
    command = made.json()["id"]
    send(northside.api("owner"), "POST", f"/api/v1/commands/{command}/cancel", {})
    assert send(northside.api("nurse"), "POST", f"/api/v1/commands/{command}/retry", None).status_code == 403
    (kept,) = send(northside.api("nurse"), "POST", "/api/v1/commands/retry", {"ids": [command]}).json()["results"]
    assert kept["status"] == "rejected"
    assert shown(northside, command)["status"] == "cancelled"


def test_many_devices_at_once_and_each_by_itself(northside: Clinic) -> None:
    api = northside.api("admin")
    retired = northside.devices[1]
    send(api, "DELETE", f"/api/v1/devices/{retired.code}", None)
    names = [OURS, str(northside.devices[0].public_id), retired.code, "ARGUS_999999"]
    body = {"devices": names, "type": "read_sensor", "parameters": {"sensorType": "ph"}}
    answer = send(api, "POST", "/api/v1/devices/commands/bulk", body).json()
    assert (answer["total"], answer["successful"], answer["failed"]) == (4, 2, 2)
    assert [result["status"] for result in answer["results"]] == ["pending", "pending", "rejected", "rejected"]
    (command,) = {result["id"] for result in answer["results"][:2]}
    unknown = "00000000-0000-4000-8000-000000000000"
    cancelled = send(api, "POST", "/api/v1/commands/cancel", {"ids": [command, unknown], "reason": "no"}).json()
    assert [result["status"] for result in cancelled["results"]] == ["cancelled", "rejected"]
    tried = send(api, "POST", "/api/v1/commands/retry", {"ids": [command, unknown]}).json()
    assert (tried["successful"], tried["failed"]) == (1, 1)
    assert problems(send(api, "POST", "/api/v1/commands/retry", {"ids": []})) == [("min_length", ["body", "ids"])]
    listed = api.get(f"/api/v1/commands?device={OURS}&status=pending&type=read_sensor&priority=normal").json()
    assert [item["id"] for item in listed["items"]] == [command]
    assert api.get("/api/v1/commands?status=sent").json()["items"] == []


def test_templates(northside: Clinic, southside: Clinic) -> None:
    api, url = northside.api("owner"), "/api/v1/command-templates"
    said = {"name": "Morning check", "type": "read_sensor", "parameters": {"sensorType": "ph"}, "priority": "low"}
    template = send(api, "POST", url, said).json()
    assert send(api, "POST", url, said).status_code == 409
    assert send(southside.api("owner"), "POST", url, said).status_code == 201
    assert send(api, "PATCH", f"{url}/{template['id']}", {"parameters": {}}).status_code == 422
    assert send(api, "PATCH", f"{url}/{template['id']}", {"retries": 1}).json()["retries"] == 1
    body = {"template": template["id"], "priority": "high"}
    made = send(northside.api("nurse"), "POST", f"/api/v1/devices/{OURS}/commands", body).json()
    assert (made["type"], made["parameters"], made["priority"], made["retries"]) == (
        *("read_sensor", {"sensorType": "ph"}, "high", 1),
    )
    assert api.get(f"{url}/{template['id']}").json()["usageCount"] == 1
    assert send(northside.api("nurse"), "DELETE", f"{url}/{template['id']}", None).status_code == 403
    assert send(api, "DELETE", f"{url}/{template['id']}", None).status_code == 204
    assert api.get(url).json()["items"] == []
    assert shown(northside, made["id"])["status"] == "pending"


def test_commands_that_ended_long_ago_are_removed(northside: Clinic) -> None:
    done, waiting = order(northside), order(northside)
    assert [given["id"] for given in fetch(northside, "?limit=1")] == [done]
    report(northside, done, "completed")
    with northside.scope(), transaction.atomic():
        assert remove_old(timezone.now() + timedelta(days=364)) == 0
        assert remove_old(timezone.now() + timedelta(days=366)) == 1
        assert [str(command.public_id) for command in DeviceCommand.objects.all()] == [waiting]
        assert CommandStep.objects.count() == 1
