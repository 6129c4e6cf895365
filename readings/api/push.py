"""What a device posts: one reading, or a batch. The order of the checks is part of the contract."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from django.db import transaction
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from devices.authentication import DevicePrincipal
from devices.models import Device
from readings import ingestion
from readings.api.batches import DEVICE_MISMATCH, read_item
from readings.api.bodies import read_json_body
from readings.api.callers import TooManyRequests, device_to_post_to, principal_of
from readings.api.payloads import Batch, DeviceReading, validation_context
from readings.api.validation import validated
from readings.limits import LimitReached, batch_budget, reading_slot
from tenancy.api.errors import Conflict


class Refused(APIException):
    status_code = 400
    default_code = "refused"


def post_to_device(request: Request, device_name: str) -> Response:
    """Runs outside of a transaction: each step has its own, and 201 is said after the commit of the reading's."""
    body = read_json_body(request._request)
    principal: DevicePrincipal = principal_of(request)
    if isinstance(body, dict) and "readings" in body:
        return _post_batch(principal, device_name, body)
    return _post_one(principal, device_name, body)


def _post_one(principal: DevicePrincipal, device_name: str, body: Any) -> Response:
    with transaction.atomic():
        context = validation_context(ingestion.oldest_accepted())
        sent = validated(DeviceReading, body, place="body", context=context)
        device = device_to_post_to(principal, device_name)
    if device is None:
        if sent.device_id != device_name:
            raise Refused(DEVICE_MISMATCH)
        raise Refused(ingestion.not_their_device_text(device_name, sent.user_id))
    try:
        with reading_slot(device.pk):
            public_id = _store_one(device, device_name, sent, body["timestamp"])
    except LimitReached as reached:
        raise TooManyRequests(_slot_taken_text(device_name), reached.wait_seconds) from None
    message = "Glucose reading saved successfully"
    return Response({"status": "processed", "id": str(public_id), "message": message}, status=201)


def _store_one(device: Device, device_name: str, sent: DeviceReading, timestamp: str) -> Any:
    if sent.device_id not in names_of(device, device_name):
        raise Refused(DEVICE_MISMATCH)
    try:
        return ingestion.post_reading(device=device, user=sent.user_id, row=sent.row(device.pk))
    except ingestion.UnknownUser:
        raise Refused(ingestion.unknown_user_text(sent.user_id)) from None
    except ingestion.NotTheirDevice:
        raise Refused(ingestion.not_their_device_text(device_name, sent.user_id)) from None
    except ingestion.AlreadyStored:
        raise Conflict(
            f"A reading for device {device_name} at timestamp {timestamp} already exists. "
            "Duplicate readings are not allowed."
        ) from None


def _post_batch(principal: DevicePrincipal, device_name: str, body: Any) -> Response:
    batch = validated(Batch, body, place="body")
    with transaction.atomic():
        oldest = ingestion.oldest_accepted()
        device = device_to_post_to(principal, device_name)
    if device is None:
        raise Refused(f"Device {device_name} does not exist or may not be used with this API key.")
    names = names_of(device, device_name)
    items = [read_item(item, device_id=device.pk, device_names=names, oldest=oldest) for item in batch.readings]
    try:
        with batch_budget(device.pk, len(items)):
            results = ingestion.post_batch(device=device, device_name=device_name, items=items)
    except LimitReached as reached:
        raise TooManyRequests(
            f"Rate limit exceeded. Device {device_name} can only submit 3000 readings in batches every 5 minutes.",
            reached.wait_seconds,
        ) from None
    return Response(_batch_answer(results))


def names_of(device: Device, device_name: str) -> frozenset[str]:
    """What a body may call the device of the URL."""
    return frozenset({device_name, device.code, str(device.public_id)})


def _batch_answer(results: list[ingestion.ItemResult]) -> dict[str, Any]:
    counts = Counter(result.status for result in results)
    return {
        "accepted": counts["created"],
        "duplicates": counts["duplicate"],
        "rejected": counts["rejected"],
        "results": [_item_answer(index, result) for index, result in enumerate(results)],
    }


def _item_answer(index: int, result: ingestion.ItemResult) -> dict[str, Any]:
    answer: dict[str, Any] = {"index": index, "status": result.status}
    if result.public_id is not None:
        answer["id"] = str(result.public_id)
    if result.error:
        answer["error"] = result.error
    return answer


def _slot_taken_text(device_name: str) -> str:
    seconds = settings.MAX_GLUCOSE_READING_RATE
    return f"Rate limit exceeded. Device {device_name} can only submit one reading every {seconds} seconds."
