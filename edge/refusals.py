"""What a device is told when its post is not taken. The words are part of the contract."""

from __future__ import annotations

from django.conf import settings
from rest_framework.exceptions import APIException

from edge.slots import BATCH_ITEMS
from tenancy.api.errors import Conflict

DEVICE_MISMATCH = "Device ID in URL must match deviceId in request body"


class Refused(APIException):
    status_code = 400
    default_code = "refused"


class TooManyRequests(APIException):
    status_code = 429
    default_code = "throttled"

    def __init__(self, detail: str, wait_seconds: float) -> None:
        super().__init__(detail)
        self.wait = wait_seconds


def slot_taken(device_name: str, wait_seconds: float) -> TooManyRequests:
    seconds = settings.MAX_GLUCOSE_READING_RATE
    return TooManyRequests(
        f"Rate limit exceeded. Device {device_name} can only submit one reading every {seconds} seconds.", wait_seconds
    )


def budget_spent(device_name: str, wait_seconds: float) -> TooManyRequests:
    return TooManyRequests(
        f"Rate limit exceeded. Device {device_name} can only submit {BATCH_ITEMS} readings in batches every 5 minutes.",
        wait_seconds,
    )


def already_stored(device_name: str, timestamp: str) -> Conflict:
    return Conflict(
        f"A reading for device {device_name} at timestamp {timestamp} already exists. "
        "Duplicate readings are not allowed."
    )


def log_budget_spent(device_name: str, wait_seconds: float) -> TooManyRequests:
    return TooManyRequests(
        f"Rate limit exceeded. Device {device_name} can only submit {BATCH_ITEMS} log entries every 5 minutes.",
        wait_seconds,
    )


def not_with_this_key_text(device_name: str) -> str:
    return f"Device {device_name} does not exist or may not be used with this API key."


def unknown_user_text(user: str) -> str:
    return f"User {user} does not exist. Please ensure user is registered."


def not_their_device_text(device_name: str, user: str) -> str:
    return f"Device {device_name} does not exist or does not belong to user {user}"


def unassigned_text(device_name: str) -> str:
    return f"Device {device_name} was not assigned to a patient at that time."
