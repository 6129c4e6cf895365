"""Answers hold what the OpenAPI document lists, and nothing else, whoever asks: no field slips out of a new column."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.edges.asking import JSON, Asking, Operation, asking, named, operations
from tests.isolation.attacks import METHODS
from tests.isolation.bodies import document
from tests.isolation.callers import Caller, callers_of
from tests.isolation.world import World

pytestmark = pytest.mark.promise(10)
# Names that no answer has, in any nesting: they would be somebody's secret, or a key of the database.
NEVER = {"password", "digest", "organizationId", "organization_id", "version", "wrapped", "secret", "pk", "userPk"}
TOLD_ONCE = {"key", "access_token", "refresh_token"}
# The canary that tests put into what a device sends of its sensor.
PLANTED = ".sensorData.note "
ALLOWED = {
    "version": {
        *("consents", "consent", "version", "api-health", "health", "root"),
        # Of the goals that figures are held against.
        *("user-analytics-summary", "user-analytics-agp", "user-analytics-days", "user-analytics-compare"),
        "patient-summary",
        "health-scores-computed",  # of the formula
        # Of settings: a device says which of them it has.
        *("device-settings", "device-heartbeat", "device-status"),
    }
}


@pytest.fixture(scope="module")
def ask(world: World) -> Asking:
    return asking(world)


@pytest.fixture(scope="module")
def everybody(world: World) -> list[Caller]:
    return callers_of(world.north)


@pytest.mark.parametrize(**named([one for one in operations(*METHODS) if one.document]))
def test_only_documented_fields_and_no_secret_or_key_of_the_database_are_returned(
    one: Operation, ask: Asking, everybody: list[Caller]
) -> None:
    for caller in everybody:
        answer = ask.send(one, json.dumps(ask.body(one)), caller=caller)
        if not answer.text_sent or not answer.headers["Content-Type"].startswith(JSON):
            continue
        if answer.status_code < 300:
            found = {name for name in names_in(answer.json()) if name in NEVER}
            assert {name for name in found if one.route.name not in ALLOWED.get(name, set())} == set(), caller.name
        described = one.document["responses"].get(str(answer.status_code), {}).get("content", {}).get(JSON)
        if described is None:
            assert answer.status_code >= 400, f"{answer.status_code} is not documented"
            assert list(answer.json()) == ["detail"]
            continue
        faults = [fault for fault in faults_of(answer.json(), described["schema"], "body") if PLANTED not in fault]
        assert faults == [], caller.name


def faults_of(value: Any, schema: dict[str, Any], place: str) -> Iterator[str]:
    """Objects with a name that the schema lacks, or without one that it requires."""
    schema = resolved(schema)
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            options = [option for option in schema[choice] if value is None or option.get("type") != "null"]
            yield from min((list(faults_of(value, option, place)) for option in options), key=len)
            return
    if isinstance(value, list):
        for inner in value:
            yield from faults_of(inner, schema.get("items", {}), f"{place}[]")
    elif isinstance(value, dict) and "properties" in schema:
        properties = schema["properties"]
        yield from (f"{place}.{name} is not documented" for name in value.keys() - properties.keys())
        yield from (f"{place}.{name} is missing" for name in set(schema.get("required", ())) - value.keys())
        for name in value.keys() & properties.keys():
            yield from faults_of(value[name], properties[name], f"{place}.{name}")


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return resolved(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "allOf" in schema:
        merged: dict[str, Any] = {"properties": {}, "required": []}
        for part in map(resolved, schema["allOf"]):
            merged["properties"] |= part.get("properties", {})
            merged["required"] += part.get("required", [])
        return merged if merged["properties"] else resolved(schema["allOf"][0])
    return schema


def names_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from names_in(inner)


def test_an_undocumented_field_is_seen() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {}}}}, "required": ["a"]}
    assert list(faults_of({"a": {"b": 1, "c": 2}}, schema, "body")) == ["body.a.c is not documented"]
    assert list(faults_of([{}], {"type": "array", "items": schema}, "body")) == ["body[].a is missing"]
