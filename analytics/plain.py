"""Results as plain dictionaries and lists, for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum

import numpy as np


def as_plain(value: object) -> object:
    """Fields by name; enums by value; dates as ISO 8601; arrays as lists; None for what is no number."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_plain(getattr(value, field.name)) for field in fields(value)}
    match value:
        case Enum():
            return value.value
        case date():
            return value.isoformat()
        case np.ndarray():
            return as_plain(value.tolist())
        case Mapping():
            return {str(as_plain(name)): as_plain(each) for name, each in value.items()}
        case list() | tuple():
            return [as_plain(each) for each in value]
        case float() if not math.isfinite(value):
            return None
    return value
