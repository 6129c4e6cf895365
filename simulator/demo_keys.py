"""Keys that the live feed posts with: Northside's is public, every other clinic's lies in the state directory."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from devices.keys import DEMO_KEY, digest_of
from devices.models import DeviceKey
from devices.services import issue_key
from simulator.clinics import DemoClinic


def key_file(clinic_code: str) -> Path:
    return Path(settings.STATE_DIR) / "demo" / f"{clinic_code}-device-key"


def keep_uploader_key(*, clinic_code: str) -> None:
    """Issue a key for all devices of the clinic in scope, once: only its digest is in the database."""
    path = key_file(clinic_code)
    if path.is_file() and DeviceKey.objects.live().filter(digest=digest_of(path.read_text().strip())).exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    issued = issue_key(device=None, name="Demo: live feed")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(issued.text)


def feed_key(clinic: DemoClinic) -> str | None:
    """None where the clinic was not seeded in the demo."""
    if clinic.has_public_key:
        return DEMO_KEY
    try:
        return key_file(clinic.code).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
