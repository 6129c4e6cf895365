"""Reads Dexcom's records, and never drops one: each gives a frozen record, or `Quarantined`.

    context = Context(now=page.fetched_at, zone=patient_zone)
    for raw in page.envelope.records:
        egv = parse_egv(raw, context)

A record tells in ``provenance`` what was odd about it: flags, leniencies, unknown words, members nobody knows, and the
digest of its JSON. Nothing here knows Django, and nothing does I/O.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dexcom_sync.records.alerts import Alert, parse_alert
from dexcom_sync.records.calibrations import Calibration, parse_calibration
from dexcom_sync.records.canonical import Copy, Reading, physical_readings
from dexcom_sync.records.data_range import DataRange, Range, parse_data_range
from dexcom_sync.records.devices import Device, parse_device
from dexcom_sync.records.digests import payload_digest
from dexcom_sync.records.egvs import Egv, parse_egv
from dexcom_sync.records.envelopes import Envelope, EnvelopeFault, check_envelope
from dexcom_sync.records.events import Event, parse_event
from dexcom_sync.records.fields import Provenance, Source
from dexcom_sync.records.outcomes import Context, Flag, Leniency, Quarantined, Reason, Resource
from dexcom_sync.records.settings_history import AlertSchedule, AlertSetting
from dexcom_sync.records.times import OffsetSource, Times
from dexcom_sync.records.windows import Window, format_query_time, halves, pieces

Parsed = Egv | Event | Calibration | Alert | Device
PARSERS: Final[dict[Resource, Callable[[object, Context], Parsed | Quarantined]]] = {
    Resource.EGVS: parse_egv,
    Resource.EVENTS: parse_event,
    Resource.CALIBRATIONS: parse_calibration,
    Resource.ALERTS: parse_alert,
    Resource.DEVICES: parse_device,
}

__all__ = [
    "PARSERS",
    "Alert",
    "AlertSchedule",
    "AlertSetting",
    "Calibration",
    "Context",
    "Copy",
    "DataRange",
    "Device",
    "Egv",
    "Envelope",
    "EnvelopeFault",
    "Event",
    "Flag",
    "Leniency",
    "OffsetSource",
    "Parsed",
    "Provenance",
    "Quarantined",
    "Range",
    "Reading",
    "Reason",
    "Resource",
    "Source",
    "Times",
    "Window",
    "check_envelope",
    "format_query_time",
    "halves",
    "parse_alert",
    "parse_calibration",
    "parse_data_range",
    "parse_device",
    "parse_egv",
    "parse_event",
    "payload_digest",
    "physical_readings",
    "pieces",
]
