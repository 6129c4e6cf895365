"""One answer for what does not exist and for what is another clinic's: 404 with the same body."""

from __future__ import annotations

import uuid
from typing import TypeVar

from django.db import models
from rest_framework.exceptions import NotFound

M = TypeVar("M", bound=models.Model)


def one_or_404(queryset: models.QuerySet[M]) -> M:
    found = queryset.first()
    if found is None:
        raise NotFound
    return found


def called_or_404(queryset: models.QuerySet[M], public_id: str, sentence: str) -> M:
    """Raises NotFound with the same ``sentence`` for what is no id and for what nobody here has."""
    uuid_asked = possible_uuid(public_id)
    found = None if uuid_asked is None else queryset.filter(public_id=uuid_asked).first()
    if found is None:
        raise NotFound(sentence)
    return found


def possible_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def uuid_or_404(text: str) -> uuid.UUID:
    found = possible_uuid(text)
    if found is None:
        raise NotFound
    return found
