"""What is written as an array comes back as it was."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection

from readings.store.arrays import names, numbers

pytestmark = pytest.mark.django_db
LOGIN = uuid.UUID("0192f0c1-0000-7000-8000-000000000001")
ARRAYS = [
    ("text[]", names, ["user_5678", None, "NULL", "a-b.c"]),
    ("uuid[]", names, [LOGIN, None]),
    ("bigint[]", numbers, [2**62, None, -1]),
    ("bigint[]", numbers, []),
]


@pytest.mark.parametrize(("kind", "written", "values"), ARRAYS)
def test_an_array_comes_back(kind: str, written: Any, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}", [written(values)])
        assert cursor.fetchone() == (values,)
