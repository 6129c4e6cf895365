"""Helpers for tests of REST routes."""

from __future__ import annotations

import json
from typing import Any

from django.db import models, transaction
from django.test import Client

from accounts.models import Membership
from devices.models import Assignment, Device, DeviceKey
from patients.models import Patient
from tests.clinics import Clinic

NOT_FOUND = {"detail": "Not found."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
NO_CREDENTIALS = {"detail": "Please sign in: send Authorization: Bearer <access token>."}
INVALID_TOKEN = {"detail": "The access token is invalid or has expired. Please sign in again."}
TABLES: tuple[type[models.Model], ...] = (Membership, Patient, Device, Assignment, DeviceKey)


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    """A request with a JSON body, as the API takes it."""
    content = "" if body is None else json.dumps(body, default=str)
    return client.generic(method, path, content, content_type="application/json")


def rows(clinic: Clinic) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the routes of people, patients and devices could change in a clinic."""
    with clinic.scope(), transaction.atomic():
        return {table.__name__: list(table._default_manager.order_by("pk").values_list()) for table in TABLES}


def problems(answer: Any) -> list[tuple[str, list[Any]]]:
    """Type and place of what a 422 lists."""
    assert answer.status_code == 422, answer.content
    return [(item["type"], item["loc"]) for item in answer.json()["detail"]]
