"""Heartbeats and states of devices. Those of many devices and clinics that arrive together are one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from devices.fleet.settings_body import settings_body
from devices.fleet.statements import HEARTBEAT, NOTE_FIRMWARE, SETTINGS, STATUS
from edge.answers import Answer
from edge.callers import KeyPrincipal
from edge.database import PLAN_ONCE, Database, Transaction, until_it_passes
from edge.device_payloads import Heartbeat
from edge.devices import devices_of_keys
from edge.grouping import Group
from edge.instants import spoken
from edge.refusals import Refused, not_with_this_key_text
from edge.requests import Request
from edge.slots import DeviceKey
from edge.validation import validated
from readings.store.arrays import device_columns, numbers
from readings.store.statements import NOTE_CONTACT


@dataclass(frozen=True, slots=True)
class Beat:
    principal: KeyPrincipal
    device_name: str
    sent: Heartbeat


@dataclass(frozen=True, slots=True)
class Told:
    """What a device is told. ``settings`` None: it works with the newest."""

    waiting: int
    settings: dict[str, Any] | None


class Heartbeats:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._heartbeats: Group[Beat, Answer] = Group(
            self._hear_heartbeats, name="heartbeats", most=64, waiting=5_000, at_once=2
        )
        self._states: Group[Beat, Answer] = Group(self._hear_states, name="states", most=64, waiting=5_000)

    async def post_heartbeat(self, request: Request, principal: KeyPrincipal) -> Answer:
        return await self._heartbeats.ask(await _beat(request, principal))

    async def post_status(self, request: Request, principal: KeyPrincipal) -> Answer:
        return await self._states.ask(await _beat(request, principal))

    async def finish(self) -> None:
        await self._heartbeats.finish()
        await self._states.finish()

    async def _hear_heartbeats(self, beats: Sequence[Beat]) -> Sequence[Answer | Exception]:
        return await until_it_passes(lambda: self._hear(beats, HEARTBEAT))

    async def _hear_states(self, beats: Sequence[Beat]) -> Sequence[Answer | Exception]:
        return await until_it_passes(lambda: self._hear(beats, STATUS))

    async def _hear(self, beats: Sequence[Beat], statement: str) -> Sequence[Answer | Exception]:
        now = datetime.now(UTC)
        async with self._database.transaction({beat.principal.organization_id for beat in beats}) as transaction:
            transaction.defer(PLAN_ONCE)
            keys = await devices_of_keys(transaction, [(beat.principal, beat.device_name) for beat in beats])
            told = await _hear_all(transaction, statement, newest(beats, keys), now)
        return [_answer(beat, key, told, now) for beat, key in zip(beats, keys, strict=True)]


async def _beat(request: Request, principal: KeyPrincipal) -> Beat:
    sent = validated(Heartbeat, await request.json(), place="body")
    return Beat(principal, request.parameters["deviceId"], sent)


def newest(beats: Sequence[Beat], keys: Sequence[DeviceKey | None]) -> dict[DeviceKey, Heartbeat]:
    """One for each device, in their order: of two that came together the later one."""
    sent = {key: beat.sent for beat, key in zip(beats, keys, strict=True) if key is not None}
    return dict(sorted(sent.items()))


async def _hear_all(
    transaction: Transaction, statement: str, beats: Mapping[DeviceKey, Heartbeat], now: datetime
) -> dict[DeviceKey, Told]:
    if not beats:
        return {}
    devices = device_columns(list(beats))
    battery = numbers([sent.battery_level for sent in beats.values()])
    # What streams are told of poor signals is of readings; a device with a weak network sends them late, and whole.
    unknown = numbers([None] * len(beats))
    transaction.defer(NOTE_CONTACT, {**devices, "battery_level": battery, "signal_is_poor": unknown})
    rows = await transaction.fetch(
        statement,
        {
            **devices,
            "status": [sent.status for sent in beats.values()],
            "firmware": [sent.firmware_version for sent in beats.values()],
            "battery_level": battery,
            "signal_strength": numbers([sent.signal_strength for sent in beats.values()]),
            "uptime": numbers([sent.uptime for sent in beats.values()]),
            "temperature": numbers([sent.temperature for sent in beats.values()]),
            "memory_usage": numbers([sent.memory_usage for sent in beats.values()]),
            "cpu_usage": numbers([sent.cpu_usage for sent in beats.values()]),
            "clock_skew": numbers([sent.skew(now) for sent in beats.values()]),
            "settings_version": numbers([sent.settings_version for sent in beats.values()]),
        },
    )
    updated = [(organization, device) for organization, device, _, is_updated, _ in rows if is_updated]
    if updated:
        firmware = [beats[key].firmware_version for key in updated]
        transaction.defer(NOTE_FIRMWARE, {**device_columns(updated), "firmware": firmware})
    settings = await _settings(transaction, [(row[0], row[1]) for row in rows if row[2]])
    return {
        (organization, device): Told(waiting, settings.get((organization, device)))
        for organization, device, _, _, waiting in rows
    }


async def _settings(transaction: Transaction, behind: Sequence[DeviceKey]) -> dict[DeviceKey, dict[str, Any]]:
    if not behind:
        return {}
    rows = await transaction.fetch(SETTINGS, device_columns(behind))
    return {(organization, device): settings_body(*rest) for organization, device, *rest in rows}


def _answer(beat: Beat, key: DeviceKey | None, told: Mapping[DeviceKey, Told], now: datetime) -> Answer | Exception:
    if key is None:
        return Refused(not_with_this_key_text(beat.device_name))
    found = told[key]
    settings = {} if found.settings is None else {"settings": found.settings}
    return Answer({"status": "ok", "serverTime": spoken(now), "pendingCommands": found.waiting, **settings})
