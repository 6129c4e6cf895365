"""Records that a test puts in: new ones, and later versions of those that are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dexcom_sync.sandbox.contents import RESOURCES, Contents, Device
from dexcom_sync.sandbox.moments import MICRO, control_second, query_second
from dexcom_sync.sandbox.refusals import ControlRefused
from dexcom_sync.sandbox.slots import Slot, Version


def inject(contents: Contents, described: Mapping[str, Any], now: float) -> int:
    """``duplicate``: another record with a recordId that is there already, instead of a later version of it."""
    resource, records = described.get("resource"), described.get("records")
    if resource not in (*RESOURCES, "devices") or not isinstance(records, list):
        raise ControlRefused(f"Give a resource ({', '.join(RESOURCES)} or devices) and a list of records.")
    uploaded = control_second(described.get("uploadedAt", now))
    receiver, duplicate = bool(described.get("receiver")), bool(described.get("duplicate"))
    for record in records:
        if not isinstance(record, dict):
            raise ControlRefused("Each record is an object.")
        if resource == "devices":
            contents.devices.append(Device(dict(record), None, uploaded))
            continue
        # ``_instant`` says what a systemTime means that the sandbox itself cannot read.
        fields = {name: value for name, value in record.items() if name != "_instant"}
        instant = round(_instant(record) * MICRO)
        _put(contents, resource, Version(uploaded, instant, fields), receiver=receiver, duplicate=duplicate)
    return len(records)


def _put(contents: Contents, resource: str, version: Version, *, receiver: bool, duplicate: bool) -> None:
    record_id = version.fields.get("recordId")
    slots = contents.slots[resource]
    if record_id is not None and not duplicate:
        if slot := slots.of(record_id):
            slot.add(version)
            return
        if resource == "egvs":
            for series in contents.series:
                if series.retire(record_id, version.uploaded):
                    # A record keeps its way of coming; otherwise two versions of it could be visible.
                    receiver = series.source.receiver
                    break
    slots.extend([Slot([version], receiver)])


def _instant(record: Mapping[str, Any]) -> float:
    text = str(record.get("_instant", record.get("systemTime")))
    return control_second(text + "Z" if query_second(text) is not None else text)
