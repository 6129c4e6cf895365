"""Bodies and queries made from the OpenAPI document, so that a new route is attacked with values it would accept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from accounts.roles import Role
from tenancy.api.routing import Route
from tests.isolation.world import Target

# Names under which a caller could try to say whose rows are meant.
OWNERSHIP = (
    "organization",
    "organizationId",
    "organization_id",
    "patient",
    "patientId",
    "patient_id",
    "user",
    "device",
)


@cache
def document() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


def operation(route: Route, method: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"].get(f"/{route.path}", {}).get(method.lower(), {})
    return found


def body_for(route: Route, method: str, target: Target, *, fresh: bool = False) -> Any:
    """A valid body that names the target's rows, or None where the document has none. ``fresh``: for a new row."""
    contents: dict[str, Any] = operation(route, method).get("requestBody", {}).get("content", {})
    schema = next((content["schema"] for content in contents.values()), None)
    return None if schema is None else Sample(target, fresh).of(schema)


def hostile_body(route: Route, method: str, target: Target) -> Any:
    """The same, and every name of ownership besides."""
    body = body_for(route, method, target)
    if body is None or isinstance(body, dict):
        identity = {name: Sample(target, fresh=False).identity(name) for name in OWNERSHIP}
        return {**identity, **(body or {}), "organization": identity["organization"]}
    return body


def query_for(route: Route, method: str, target: Target) -> dict[str, str]:
    """Every declared parameter that names a row, with the target's; undeclared names of ownership where it has none."""
    sample = Sample(target, fresh=False)
    declared = [item["name"] for item in operation(route, method).get("parameters", []) if item["in"] == "query"]
    named = {name: value for name in declared if (value := sample.identity(name)) is not None}
    return {name: str(value) for name, value in (named or {name: sample.identity(name) for name in OWNERSHIP}).items()}


class Sample:
    """Values for schemas: the target's identifiers where a name asks for one, else something plain and valid."""

    def __init__(self, target: Target, fresh: bool) -> None:
        self.target = target
        self.fresh = fresh

    def identity(self, name: str) -> Any:
        target = self.target
        plain = name.lower().replace("_", "").removesuffix("id").removesuffix("code")
        values = {
            "organization": target.clinic.organization.code if name.endswith("organization") else
            target.clinic.organization.id,
            "patient": target.patient.code,
            "user": target.patient.code,
            "device": target.device.code,
            "membership": str(target.member.user_public_id),
            "member": str(target.member.user_public_id),
            "key": str(target.key.public_id),
        }  # fmt: skip
        return values.get(plain)

    def of(self, schema: dict[str, Any], name: str = "") -> Any:
        if "$ref" in schema:
            return self.of(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]], name)
        for choice in ("allOf", "oneOf", "anyOf"):
            if choice in schema:
                return self.of(schema[choice][0], name)
        if name and (known := self._known(name, schema)) is not None:
            return known
        if "enum" in schema:
            return next(value for value in schema["enum"] if value not in ("", None))
        return self._by_type(schema, name)

    def _known(self, name: str, schema: dict[str, Any]) -> Any:
        if name == "code":
            return "fresh-1" if self.fresh else self.target.parameter("code", "only")
        if schema.get("format") == "email" or name in ("email", "username"):
            return "fresh@elsewhere.example" if self.fresh else self.target.member.email
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        plain: dict[str, Any] = {
            "role": Role.VIEWER.value,
            "timezone": "Europe/Berlin",
            "serialNumber": "FRESH-1",
            "expiresAt": tomorrow.isoformat(),
            "nextContactOn": (tomorrow + timedelta(days=1)).date().isoformat(),
            "condition": {"type": "below", "mgdl": 65},
            "rule": "low",
            # Of the first kind of channel.
            "settings": {"address": "fresh@elsewhere.example"},
            "channel": self.target.parameter("channelId", "only"),
            "devices": [self.target.device.code],
            "start": "22:00",
            "end": "07:00",
        }
        return plain.get(name) or self.identity(name)

    def _by_type(self, schema: dict[str, Any], name: str) -> Any:
        kind = schema.get("type", "object")
        kind = next(item for item in kind if item != "null") if isinstance(kind, list) else kind
        if kind == "object":
            properties = schema.get("properties", {})
            values = {key: self.of(inner, key) for key, inner in properties.items() if not inner.get("readOnly")}
            # Only this role goes with a patient.
            return {**values, "role": Role.PATIENT.value} if {"role", "patient"} <= set(values) else values
        if kind == "array":
            return [self.of(schema["items"])]
        if kind in ("integer", "number"):
            low, high = schema.get("minimum", 1), schema.get("maximum", schema.get("minimum", 1))
            return int(low + high) // 2
        if kind == "boolean":
            return True
        return self._text(schema)

    def _text(self, schema: dict[str, Any]) -> str:
        now = datetime.now(UTC)
        kind = schema.get("format", "")
        texts = {
            "uuid": str(self.target.patient.public_id),
            "date-time": (now - timedelta(seconds=30)).isoformat(),
            "date": "1980-02-29",
            "decimal": "20.0",
        }
        return texts.get(kind, "Sample text"[: schema.get("maxLength", 20)])
