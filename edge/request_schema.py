"""The body of a device's post for the OpenAPI document, made from the models that check it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from edge.payloads import MAX_BATCH_ITEMS, BatchReading, DeviceReading, SensorValue


def inline_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON schema without references: the document's components are made from serializers."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, list):
            return [resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        if reference := node.get("$ref"):
            rest = {key: value for key, value in node.items() if key != "$ref"}
            return resolve({**definitions[reference.rpartition("/")[2]], **rest})
        # Titles are made from the names, which stand there already.
        return {key: resolve(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}

    return dict(resolve(schema))


PUSH_BODY: dict[str, Any] = {
    "oneOf": [
        inline_schema(DeviceReading),
        {
            "type": "object",
            "title": "Batch",
            "required": ["readings"],
            "properties": {
                "readings": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MAX_BATCH_ITEMS,
                    "items": {"anyOf": [inline_schema(BatchReading), inline_schema(SensorValue)]},
                }
            },
        },
    ]
}
