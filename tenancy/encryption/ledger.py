"""Values of sealed fields in the audit ledger: sealed there too, with a key that rotation leaves and shredding ends.

The ledger keeps the text that ``sealed_text_for_ledger`` gives, and shows ``open_from_ledger`` to who may read it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from tenancy.encryption.alarms import refuse_tampered
from tenancy.encryption.envelope import Place
from tenancy.encryption.fields import SealedTextField
from tenancy.encryption.keys import open_text, seal_text
from tenancy.encryption.owners import Purpose
from tenancy.scope import required_organization_id

PREFIX = "sealed:"


def sealed_text_for_ledger(instance: Any, field: str) -> str | None:
    """The value that ``instance`` has now; empty and None as they are.

    Ask before a change and after it. The text is bound to the model's label in small letters, which must be the
    entry's ``object_type``, to the field and to the row, which it names.
    """
    text = getattr(instance, field)
    if not text:
        return text if text is None else ""
    declared = instance._meta.get_field(field)
    if not isinstance(declared, SealedTextField) or declared.platform:
        raise TypeError(f"{instance._meta.label}.{field} is not sealed for a clinic.")
    place = _place(instance.organization_id, instance._meta.label_lower, field, str(instance.public_id))
    sealed = seal_text(text, owner=declared.owner_of(instance, Purpose.LEDGER), place=place)
    return f"{PREFIX}{place.row}:{base64.b64encode(sealed).decode()}"


def is_sealed_for_ledger(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(PREFIX)


def open_from_ledger(text: str, *, object_type: str, field: str) -> str:
    """For the organization in scope. Raises Shredded, and TamperedError for what was not written for this field."""
    row, _, encoded = text.removeprefix(PREFIX).partition(":")
    try:
        sealed = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        refuse_tampered(table=object_type, field=field, key_id=0)
    return open_text(sealed, place=_place(required_organization_id(), object_type, field, row))


def _place(organization_id: int, object_type: str, field: str, row: str) -> Place:
    return Place(organization_id, object_type, f"ledger:{field}", row)
