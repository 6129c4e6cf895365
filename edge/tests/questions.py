"""What callers of a network ask in one round, and what each must get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from accounts.api.permissions import INVALID_KEY, INVALID_TOKEN
from edge.tests.asking import Sent
from edge.tests.network import DEVICES, FIRST, SECOND, Caller, NetworkClinic
from edge.tests.posting import reading

NOT_FOUND = "Not found."
STAFF_ARE_NO_PATIENTS = "You are not a patient here: name a patient's code instead of me."
# Each post of the whole test has an instant of its own, earlier than every patient's current value.
_seconds = count(1)
_BEGUN = datetime.now(UTC) - timedelta(hours=12)


@dataclass(frozen=True)
class Expected:
    """``values``: all that the answer may and must contain; ``stores``: device and how many readings."""

    status: int
    values: frozenset[int] = frozenset()
    patients: frozenset[str] = frozenset()
    detail: str | None = None
    stores: tuple[str, int] | None = None


@dataclass(frozen=True)
class Question:
    kind: str
    caller: Caller
    sent: Sent
    expected: Expected

    def __str__(self) -> str:
        caller = self.caller
        return f"{caller.name} of clinic {caller.clinic.number} asks {self.sent.method} {self.sent.path}"


class Round:
    """One question of each caller, in any order."""

    def __init__(self, chance: Random, callers: list[Caller]) -> None:
        self._chance = chance
        self._clinics = sorted({caller.clinic.number: caller.clinic for caller in callers}.items())
        self.questions = [self._question(caller) for caller in chance.sample(callers, len(callers))]

    def _question(self, caller: Caller) -> Question:
        if caller.is_key and self._chance.random() < 0.6:
            return self._post(caller)
        if caller.is_key or self._chance.random() < 0.3:
            return self._of_device(caller)
        return self._of_patient(caller)

    def _of_patient(self, caller: Caller) -> Question:
        foreign = self._other(caller.clinic).login
        name = self._chance.choice([FIRST, SECOND, "me", str(caller.clinic.login), str(foreign)])
        kind = self._chance.choice(["current", "current", "history"])
        query = "limit=1000" if kind == "history" else ""
        sent = Sent("GET", f"/api/v1/users/{name}/glucose/{kind}", caller.headers, query=query)
        patient = {"me": caller.own_patient, str(caller.clinic.login): FIRST, str(foreign): ""}.get(name, name)
        if caller.is_refused:
            expected = Expected(401, detail=INVALID_TOKEN)
        elif name == "me" and not patient:
            expected = Expected(404, detail=STAFF_ARE_NO_PATIENTS)
        elif patient in caller.sees:
            expected = _readings(caller.clinic, patient)
        else:
            expected = Expected(404, detail=f"No glucose readings found for user {name}")
        return Question(kind, caller, sent, expected)

    def _of_device(self, caller: Caller) -> Question:
        # Nothing is known of the third device until it has posted.
        device = self._chance.choice(list(DEVICES)[:2])
        kind, path = self._chance.choice([("list", ""), ("latest", "/latest"), ("stats", "/stats")])
        sent = Sent("GET", f"/api/v1/devices/{device}/readings{path}", caller.headers)
        return Question(f"device {kind}", caller, sent, self._expected_of_device(caller, device, kind))

    def _expected_of_device(self, caller: Caller, device: str, kind: str) -> Expected:
        patient = DEVICES[device]
        if caller.is_refused:
            return Expected(401, detail=INVALID_KEY if caller.is_key else INVALID_TOKEN)
        if patient in caller.sees or device in caller.devices:
            return _readings(caller.clinic, patient)
        if caller.is_key or caller.own_patient:
            return Expected(404, detail=NOT_FOUND)
        # Staff know the clinic's devices, and see readings of their patients only.
        if kind == "latest":
            return Expected(404, detail=f"No glucose readings found for device {device}")
        return Expected(200, values=frozenset({None} if kind == "stats" else ()))  # type: ignore[arg-type]

    def _post(self, caller: Caller) -> Question:
        device = self._device_to_post(caller)
        posted: Callable[..., Question] = self._chance.choice([self._right, self._right, self._batch, self._wrong])
        return posted(caller, device)

    def _device_to_post(self, caller: Caller) -> str:
        """One that nobody else posts for: a second post of a device within seconds is refused."""
        return next(iter(caller.devices)) if len(caller.devices) == 1 else "ARGUS_003579"

    def _right(self, caller: Caller, device: str) -> Question:
        expected = Expected(401, detail=INVALID_KEY) if caller.is_refused else Expected(201, stores=(device, 1))
        return Question("post", caller, _sent(caller, device, _item(caller, device)), expected)

    def _batch(self, caller: Caller, device: str) -> Question:
        items = [_item(caller, device) for _ in range(3)]
        # One that names a patient of the clinic whom this device does not measure, as each clinic has one.
        items[1]["userId"] = SECOND if DEVICES[device] == FIRST else FIRST
        expected = Expected(401, detail=INVALID_KEY) if caller.is_refused else Expected(200, stores=(device, 2))
        return Question("batch", caller, _sent(caller, device, {"readings": items}), expected)

    def _wrong(self, caller: Caller, device: str) -> Question:
        """A person of another clinic, or a device that is not the key's."""
        body = _item(caller, device)
        foreign = str(self._other(caller.clinic).login)
        if caller.is_refused:
            expected = Expected(401, detail=INVALID_KEY)
        elif self._chance.random() < 0.5 or len(caller.devices) > 1:
            body["userId"] = foreign
            text = f"User {foreign} does not exist. Please ensure user is registered."
            expected = Expected(400, detail=text)
        else:
            device = next(name for name in DEVICES if name not in caller.devices)
            body["deviceId"] = device
            text = f"Device {device} does not exist or does not belong to user {body['userId']}"
            expected = Expected(400, detail=text)
        return Question("wrong post", caller, _sent(caller, device, body), expected)

    def _other(self, clinic: NetworkClinic) -> NetworkClinic:
        return self._chance.choice([other for _, other in self._clinics if other is not clinic])


def _readings(clinic: NetworkClinic, patient: str) -> Expected:
    return Expected(200, values=frozenset({clinic.value_of(patient)}), patients=frozenset({patient}))


def _item(caller: Caller, device: str) -> dict[str, Any]:
    patient = DEVICES[device]
    timestamp = (_BEGUN + timedelta(seconds=next(_seconds))).isoformat(timespec="milliseconds")
    value = caller.clinic.value_of(patient)
    return reading(deviceId=device, userId=patient, timestamp=timestamp, glucoseValue=value)


def _sent(caller: Caller, device: str, body: Any) -> Sent:
    return Sent("POST", f"/api/v1/devices/{device}/readings", caller.headers, body)
