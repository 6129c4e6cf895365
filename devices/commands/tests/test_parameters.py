from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from devices.commands.models import Kind
from devices.commands.parameters import LARGEST_BYTES, checked

GOOD: list[tuple[Kind, dict[str, Any]]] = [
    (Kind.RESTART, {}),
    (Kind.RESTART, {"delaySeconds": 3600}),
    (Kind.UPDATE_FIRMWARE, {"url": "https://firmware.example/argus/2.4.1.bin"}),
    (Kind.UPDATE_FIRMWARE, {"url": "https://firmware.example:8443/a?b=c", "version": "2.4.1", "sha256": "0f" * 32}),
    (Kind.UPDATE_CONFIG, {"readingInterval": 60}),
    (Kind.UPDATE_CONFIG, {"ledBrightness": [1, 2]}),
    (Kind.RESET, {}),
    (Kind.RESET, {"mode": "factory"}),
    (Kind.CALIBRATE, {"sensorType": "glucose", "referenceValue": 104}),
    (Kind.READ_SENSOR, {"sensorType": "temperature", "samples": 100}),
    (Kind.SET_ALERT, {"sensorType": "temperature", "condition": "gt", "threshold": 40}),
    (Kind.SET_ALERT, {"sensorType": "ph", "condition": "between", "threshold": 6.5, "thresholdHigh": 7.5}),
    (Kind.CUSTOM, {"name": "blink", "times": 3}),
]
BAD: list[tuple[Kind, Any, str]] = [
    (Kind.RESTART, None, "Send an object"),
    (Kind.RESTART, {"delaySeconds": 3601}, "delaySeconds"),
    (Kind.RESTART, {"delaySeconds": "5"}, "delaySeconds"),
    (Kind.RESTART, {"delay": 5}, "delay"),
    (Kind.UPDATE_FIRMWARE, {}, "url"),
    (Kind.UPDATE_FIRMWARE, {"url": "http://firmware.example/2.bin"}, "https"),
    (Kind.UPDATE_FIRMWARE, {"url": "https:///2.bin"}, "https"),
    (Kind.UPDATE_FIRMWARE, {"url": "https://me:secret@firmware.example/2.bin"}, "without a user"),
    (Kind.UPDATE_FIRMWARE, {"url": "https://firmware.example/2 .bin"}, "spaces"),
    (Kind.UPDATE_FIRMWARE, {"url": "https://firmware.example/2.bin", "sha256": "0F" * 32}, "sha256"),
    (Kind.UPDATE_CONFIG, {}, "at least one"),
    (Kind.UPDATE_CONFIG, {"readingInterval": 59}, "readingInterval"),
    (Kind.UPDATE_CONFIG, {"readingInterval": True}, "readingInterval"),
    (Kind.RESET, {"mode": "hard"}, "mode"),
    (Kind.CALIBRATE, {}, "sensorType"),
    (Kind.READ_SENSOR, {"sensorType": "x" * 51}, "sensorType"),
    (Kind.READ_SENSOR, {"sensorType": "ph", "samples": 0}, "samples"),
    (Kind.SET_ALERT, {"sensorType": "ph", "condition": "between", "threshold": 7, "thresholdHigh": 7}, "above"),
    (Kind.SET_ALERT, {"sensorType": "ph", "condition": "gt", "threshold": 7, "thresholdHigh": 8}, "belongs"),
    (Kind.SET_ALERT, {"sensorType": "ph", "condition": "about", "threshold": 7}, "condition"),
    (Kind.CUSTOM, {"times": 3}, "name"),
    (Kind.CUSTOM, {"name": "blink", "text": "x" * LARGEST_BYTES}, "bytes"),
    (Kind.CUSTOM, {"name": "blink", "a": {"b": {"c": {"d": {"e": {}}}}}}, "deeper"),
]


@pytest.mark.parametrize(("kind", "parameters"), GOOD)
def test_what_each_type_takes_goes_to_the_device_as_it_was_said(kind: Kind, parameters: dict[str, Any]) -> None:
    assert checked(kind, parameters) == parameters


@pytest.mark.parametrize(("kind", "parameters", "word"), BAD)
def test_what_is_wrong_is_told_by_name(kind: Kind, parameters: Any, word: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        checked(kind, parameters)
    assert word in " ".join(refusal.value.message_dict["parameters"])


def test_every_type_has_its_parameters() -> None:
    assert {kind for kind, _ in GOOD} == set(Kind) == {kind for kind, *_ in BAD}
