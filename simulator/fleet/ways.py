"""The two ways in: over HTTP with the device's key, as real devices come, or straight into the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import httpx
import numpy as np
from django.db import transaction

from devices.models import Device
from readings.models import RangeFlag
from readings.rows import Outcome, ReadingRow
from readings.services import store_readings
from simulator.fleet.counting import Tally
from simulator.fleet.device import MOST_ITEMS, VirtualDevice
from simulator.fleet.items import Measured
from simulator.physiology.sensor import HIGH_CODE, HIGHEST, LOW_CODE, LOWEST

TIMEOUT_SECONDS = 10.0
PIECE = 2_000
Wait = Callable[[float], bool]


class Way(Protocol):
    def send(self, device: VirtualDevice, measured: list[Measured], tally: Tally) -> None: ...
    def heartbeat(self, device: VirtualDevice, now: datetime, tally: Tally) -> None: ...


class OverHttp:
    """``single``: one reading a post, as long as there is only one to send; a burst is always a batch."""

    def __init__(self, *, url: str, wait: Wait, single: bool) -> None:
        self._url = url.rstrip("/")
        self._wait = wait
        self._single = single
        self._hears_heartbeats = True
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def send(self, device: VirtualDevice, measured: list[Measured], tally: Tally) -> None:
        # Both blood pressures of an instant have to be in one batch.
        records = MOST_ITEMS // max(len(each) for each in measured)
        for start in range(0, len(measured), records):
            items = device.items(measured[start : start + records])
            times = 2 if device.repeats() else 1
            tally.repeated_posts += times - 1
            for _ in range(times):
                if not self._post(device, items, tally):
                    device.put_back(measured[start:])
                    return

    def heartbeat(self, device: VirtualDevice, now: datetime, tally: Tally) -> None:
        if not self._hears_heartbeats:
            return
        answer = self._ask(device, "heartbeat", device.heartbeat(now), tally)
        if answer is None:
            return
        if answer.status_code == httpx.codes.OK:
            tally.heartbeats += 1
            settings = answer.json().get("settings")
            if settings:
                device.settings_version = settings["version"]
        elif answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
            self._hears_heartbeats = False
            tally.trouble("This platform knows no heartbeats; none are sent.")
        else:
            tally.trouble(_refusal(answer))

    def _post(self, device: VirtualDevice, items: list[dict[str, Any]], tally: Tally) -> bool:
        """Whether the platform has it, or will never take it."""
        is_single = self._single and len(items) == 1 and "glucoseValue" in items[0]
        names = {"deviceId": device.code, "userId": device.patient_code}
        body = {**names, **items[0]} if is_single else {"readings": items}
        while (answer := self._ask(device, "readings", body, tally)) is not None:
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                _count(answer, tally)
                return True
            if is_single:
                # Half a minute has not passed by the platform's clock: it goes with the next one, as a batch.
                return False
            tally.trouble("The device's budget was spent; it waited as long as it was told to.")
            if self._wait(float(answer.headers.get("Retry-After", 30))):
                break
        return False

    def _ask(self, device: VirtualDevice, what: str, body: dict[str, Any], tally: Tally) -> httpx.Response | None:
        """None: the platform is away; what was to be sent is kept."""
        try:
            answer = self._client.post(
                f"{self._url}/api/v1/devices/{device.code}/{what}", json=body, headers={"X-API-Key": device.key}
            )
        except httpx.HTTPError as error:
            tally.trouble(f"The server did not answer ({type(error).__name__}); devices kept what they had.")
            return None
        tally.posts += what == "readings"
        if answer.status_code >= 500:
            tally.trouble(_refusal(answer))
            return None
        return answer


def _count(answer: httpx.Response, tally: Tally) -> None:
    if answer.status_code == httpx.codes.CREATED:
        tally.created += 1
    elif answer.status_code == httpx.codes.CONFLICT:
        tally.duplicates += 1
    elif answer.status_code == httpx.codes.OK:
        body = answer.json()
        tally.created += body["accepted"]
        tally.duplicates += body["duplicates"]
        tally.rejected += body["rejected"]
        for result in body["results"]:
            if result["status"] == "rejected":
                tally.trouble(f"Refused: {result['error']}")
    else:
        tally.rejected += 1
        tally.trouble(_refusal(answer))


def _refusal(answer: httpx.Response) -> str:
    return f"HTTP {answer.status_code}: {answer.text[:160]}"


class Direct:
    """Readings of glucose only, by the store's own door in the clinic that is in scope."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def send(self, device: VirtualDevice, measured: list[Measured], tally: Tally) -> None:
        rows = [_row(self._id(device), each, device) for each in measured if each.glucose is not None]
        for start in range(0, len(rows), PIECE):
            results = store_readings(rows=rows[start : start + PIECE])
            tally.posts += 1
            for result in results:
                tally.created += result.outcome is Outcome.CREATED
                tally.duplicates += result.outcome is Outcome.DUPLICATE
                if result.outcome not in (Outcome.CREATED, Outcome.DUPLICATE):
                    tally.rejected += 1
                    tally.trouble(f"Refused: {result.outcome.value}")

    def heartbeat(self, device: VirtualDevice, now: datetime, tally: Tally) -> None:
        """Only the network has them."""

    def _id(self, device: VirtualDevice) -> int:
        if device.code not in self._ids:
            with transaction.atomic():
                self._ids[device.code] = Device.objects.get(code=device.code).pk
        return self._ids[device.code]


def _row(device_id: int, measured: Measured, device: VirtualDevice) -> ReadingRow:
    value = round(measured.glucose or 0)
    flag = RangeFlag.LOW if value < LOWEST else RangeFlag.HIGH if value > HIGHEST else RangeFlag.IN_RANGE
    return ReadingRow(
        device_id=device_id,
        measured_at=measured.at + device.skew,
        glucose=int(np.clip(value, LOW_CODE, HIGH_CODE)),
        range_flag=flag,
        battery_level=int(device.battery),
    )
