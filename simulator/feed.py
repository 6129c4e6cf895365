"""Demo devices that post over HTTP, each once a minute, and tell every five minutes how they are."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import numpy as np

from simulator.clinics import DemoClinic, DemoDevice
from simulator.demo_keys import feed_key
from simulator.fleet.device import WELL_BEHAVED, VirtualDevice
from simulator.fleet.items import Measured
from simulator.physiology.sensor import HIGHEST, LOWEST
from simulator.traces import Traces, Wearer

INTERVAL_SECONDS = 60.0
HEARTBEAT_ROUNDS = 5
TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Feeder:
    """One device with the key it posts with."""

    clinic: str
    device: DemoDevice
    wearer: Wearer
    key: str
    hardware: VirtualDevice

    def reading(self, now: datetime, traces: Traces) -> dict[str, Any] | None:
        """None where the sensor shows nothing at the time."""
        second = int(now.timestamp())
        levels = traces.at(self.wearer, np.array([second], dtype=np.int64)).levels
        if levels.size == 0:
            return None
        chance = np.random.default_rng([self.wearer.person.seed, second])
        red, infrared, green = (round(float(value), 2) for value in chance.normal((2.4, 3.1, 1.8), 0.2))
        return {
            "deviceId": self.device.code,
            "userId": self.device.patient,
            "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            # The door takes no "Low" and "High": what lies beyond is sent as the limit.
            "glucoseValue": int(np.clip(round(float(levels[0])), LOWEST, HIGHEST)),
            "confidence": round(float(chance.uniform(0.88, 0.99)), 2),
            "sensorData": {
                "red": red,
                "infrared": infrared,
                "green": green,
                "temperature": round(float(chance.normal(36.4, 0.2)), 1),
                "motionArtifact": bool(chance.random() < 0.05),
            },
            "batteryLevel": int(self.hardware.battery),
            "signalQuality": str(chance.choice(["excellent", "good", "good", "fair"])),
        }


def feeder(clinic: str, device: DemoDevice, wearer: Wearer, key: str) -> Feeder:
    hardware = VirtualDevice(device.code, device.patient, key, wearer.person.seed, WELL_BEHAVED)
    # What its record says, so that the demo shows full batteries and empty ones.
    hardware.battery = float(device.battery_level)
    hardware.firmware = device.details.get("firmware_version", hardware.firmware)
    return Feeder(clinic, device, wearer, key, hardware)


def feeders(clinics: Iterable[DemoClinic]) -> list[Feeder]:
    """Every live device of the clinics whose key is known here."""
    return [
        feeder(clinic.code, device, clinic.wearer(device.patient), key)
        for clinic in clinics
        if (key := feed_key(clinic)) is not None
        for device in clinic.devices
        if device.is_live
    ]


class Feed:
    """Posts for one device after the other, spread over the minute, until ``wait`` says to stop.

    ``wait`` takes seconds and answers whether to stop. A server that is away is waited for; what it missed is lost, as
    it would be for a sensor without a memory.
    """

    def __init__(self, *, url: str, devices: list[Feeder], say: Callable[[str], object]) -> None:
        self._url = url.rstrip("/")
        self._devices = devices
        self._say = say
        self._troubles: dict[str, str] = {}
        self._traces = Traces()

    def run(self, wait: Callable[[float], bool], *, interval: float = INTERVAL_SECONDS) -> None:
        pause = interval / len(self._devices)
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            for number in itertools.count():
                now = datetime.now(tz=UTC)
                self._traces.prepare([each.wearer for each in self._devices], now, now)
                for each in self._devices:
                    begun = time.monotonic()
                    self._post(client, each, with_heartbeat=number % HEARTBEAT_ROUNDS == 0)
                    if wait(max(0.0, pause - (time.monotonic() - begun))):
                        return

    def _post(self, client: httpx.Client, feeder: Feeder, *, with_heartbeat: bool) -> None:
        now = datetime.now(tz=UTC)
        feeder.hardware.measure(Measured(now, None, {}))
        if with_heartbeat:
            self._send(client, feeder, "heartbeat", feeder.hardware.heartbeat(now))
        reading = feeder.reading(now, self._traces)
        if reading is not None:
            self._send(client, feeder, "readings", reading)

    def _send(self, client: httpx.Client, feeder: Feeder, what: str, body: dict[str, Any]) -> None:
        address = f"{self._url}/api/v1/devices/{feeder.device.code}/{what}"
        try:
            answer = client.post(address, json=body, headers={"X-API-Key": feeder.key})
        except httpx.HTTPError as error:
            self._note("server", f"The server does not answer ({type(error).__name__}); waiting for it.")
            return
        self._note("server", "")
        if answer.is_success and (settings := answer.json().get("settings")):
            feeder.hardware.settings_version = settings["version"]
        trouble = "" if answer.is_success else f"HTTP {answer.status_code}: {answer.text[:200]}"
        self._note(f"{feeder.clinic} {feeder.device.code} {what}", trouble)

    def _note(self, who: str, trouble: str) -> None:
        """Says a trouble once, and once that it is over."""
        before = self._troubles.get(who, "")
        if trouble == before:
            return
        self._troubles[who] = trouble
        self._say(f"{who}: {trouble or 'works again.'}")
