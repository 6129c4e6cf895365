"""Unwrapped keys: the one that seals for an owner now, and the one that sealed a value. Made at their first use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from django.db import DEFAULT_DB_ALIAS

from tenancy.encryption.alarms import refuse_tampered
from tenancy.encryption.cache import KEYS, Secret
from tenancy.encryption.envelope import Place, key_id_of, open_sealed, seal
from tenancy.encryption.errors import EncryptionError, KeysDestroyed, Shredded
from tenancy.encryption.keks import LocalKey, kek_for_writing, kek_named
from tenancy.encryption.owners import Owner, Purpose
from tenancy.encryption.store import StoredKey, active_key, insert_key, key_with_id, next_key_id, next_key_ids

KEY_BYTES = 32
GONE = "The key of this value was destroyed: nobody can read it again."


def seal_text(text: str, *, owner: Owner, place: Place, using: str = DEFAULT_DB_ALIAS) -> bytes:
    """Raises KeysDestroyed where the owner's key was destroyed."""
    secret = sealing_key(owner, using=using)
    return seal(text, key_id=secret.id, cipher=secret.cipher, place=place)


def open_text(sealed: bytes, *, place: Place, using: str = DEFAULT_DB_ALIAS) -> str:
    """Raises Shredded, and TamperedError where the value was not sealed for this place."""
    secret = opening_key(sealed, place, using=using) or refuse_unknown_key(sealed, place)
    return open_sealed(sealed, cipher=secret.cipher, place=place)


def sealing_key(owner: Owner, *, using: str = DEFAULT_DB_ALIAS) -> Secret:
    """The owner's active key, locked against rotation until the transaction ends. Raises KeysDestroyed."""
    stored = active_key(owner, using=using) or _made(owner, using)
    if stored.wrapped is None:
        raise KeysDestroyed
    return secret_of(stored, using=using)


def index_key(organization_id: int, *, using: str = DEFAULT_DB_ALIAS) -> Secret:
    """Without a lock: it is never replaced, and reads ask for it."""
    owner = Owner(organization_id, Purpose.INDEX)
    stored = active_key(owner, using=using, lock="") or _made(owner, using)
    return secret_of(stored, using=using)


def opening_key(sealed: bytes, place: Place, *, using: str = DEFAULT_DB_ALIAS) -> Secret | None:
    """None where the owner has no such key. Raises Shredded, and TamperedError for what is no sealed value."""
    key_id = key_id_of(sealed, place)
    if held := KEYS.get(key_id, place.organization_id):
        return held
    stored = key_with_id(place.organization_id, key_id, using=using)
    return None if stored is None else secret_of(stored, using=using)


def refuse_unknown_key(sealed: bytes, place: Place) -> NoReturn:
    refuse_tampered(table=place.table, field=place.field, key_id=key_id_of(sealed, place))


def secret_of(stored: StoredKey, *, using: str = DEFAULT_DB_ALIAS) -> Secret:
    if stored.wrapped is None:
        raise Shredded(GONE)
    organization_id = stored.owner.organization_id
    if held := KEYS.get(stored.id, organization_id):
        return held
    context = stored.owner.context(stored.id)
    if stored.parent_id is None:
        material = kek_named(stored.kek_id).unwrap(stored.wrapped, context)
    else:
        material = wrapper(_root(stored, using)).unwrap(stored.wrapped, context)
    secret = Secret(stored.id, material)
    KEYS.put(secret, organization_id)
    return secret


def wrapper(root: Secret) -> LocalKey:
    """An organization's root key wraps as a key of the settings does."""
    return LocalKey(f"root key {root.id}", root.material)


def new_key(owner: Owner, *, using: str) -> StoredKey:
    """A fresh key, wrapped, not stored yet."""
    key_id = next_key_id(using=using)
    return wrapped_key(StoredKey(key_id, owner, None, "", None), os.urandom(KEY_BYTES), using=using)


def new_tenant_keys(owners: Sequence[Owner], *, using: str) -> list[StoredKey]:
    """Fresh keys for owners of one organization, wrapped by its root, not stored yet."""
    root = sealing_key(owners[0].root, using=using)
    wrap = wrapper(root).wrap
    return [
        StoredKey(key_id, owner, root.id, "", wrap(os.urandom(KEY_BYTES), owner.context(key_id)))
        for key_id, owner in zip(next_key_ids(len(owners), using=using), owners, strict=True)
    ]


def wrapped_key(key: StoredKey, material: bytes, *, using: str) -> StoredKey:
    """``key`` with ``material`` wrapped by what wraps now: the key-encryption key for roots, else the active root."""
    context = key.owner.context(key.id)
    if key.owner.is_wrapped_by_kek:
        kek = kek_for_writing()
        return replace(key, parent_id=None, kek_id=kek.name, wrapped=kek.wrap(material, context))
    root = sealing_key(key.owner.root, using=using)
    return replace(key, parent_id=root.id, kek_id="", wrapped=wrapper(root).wrap(material, context))


def _made(owner: Owner, using: str) -> StoredKey:
    insert_key(new_key(owner, using=using), using=using)
    stored = active_key(owner, using=using)
    if stored is None:
        raise EncryptionError("A new key was not stored; is this inside a transaction of the organization?")
    return stored


def _root(stored: StoredKey, using: str) -> Secret:
    organization_id, root_id = stored.owner.organization_id, stored.parent_id or 0
    if held := KEYS.get(root_id, organization_id):
        return held
    root = key_with_id(organization_id, root_id, using=using)
    if root is None:
        raise EncryptionError(f"The root key {root_id} of key {stored.id} is missing: restore the table of keys.")
    return secret_of(root, using=using)
