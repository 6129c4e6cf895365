"""New keys in the place of old ones, while the platform works. Each step can be interrupted and begun again.

A rotation is unfinished while a replaced key is still there: the next one goes on with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from django.db import DEFAULT_DB_ALIAS, transaction

from tenancy.encryption.cache import KEYS
from tenancy.encryption.journal import note_rotation
from tenancy.encryption.keks import kek_for_writing
from tenancy.encryption.keys import new_key, new_tenant_keys, secret_of, wrapped_key
from tenancy.encryption.owners import PLATFORM, Owner, Purpose
from tenancy.encryption.patience import Patience
from tenancy.encryption.registry import clinics_columns, persons_columns
from tenancy.encryption.resealing import Walk
from tenancy.encryption.store import (
    StoredKey,
    active_key,
    delete_keys,
    insert_key,
    insert_tenant_keys,
    platform_keys,
    retire_keys,
    tenant_keys,
    wrap_anew,
)

BATCH = 500
SKIP, WAIT = "FOR UPDATE SKIP LOCKED", "FOR UPDATE"
Progress = Callable[[int], None]


def rotate_kek(organization_id: int | None, *, using: str = DEFAULT_DB_ALIAS) -> int:
    """Wrap the organization's root keys (None: the platform's keys) with the key-encryption key of now.

    Nothing else changes. Afterwards the former key-encryption key is not needed for them. Returns how many.
    """
    kek = kek_for_writing()
    with transaction.atomic(using=using):
        if organization_id is None:
            keys = [key for key in platform_keys(using=using, lock="FOR UPDATE") if key.kek_id != kek.name]
        else:
            condition = "purpose = %s AND kek_id <> %s AND wrapped IS NOT NULL FOR UPDATE"
            keys = tenant_keys(organization_id, condition, [Purpose.ROOT.value, kek.name], using=using)
        for key in keys:
            wrap_anew(_with_new_wrapping(key, using), using=using)
        if keys and organization_id is not None:
            note_rotation(what=f"root keys wrapped by {kek.name}", count=len(keys))
    return len(keys)


@dataclass
class DataRotation:
    """Every data key of one clinic, and every value that one seals; None: the platform's, as a role that sees all."""

    organization_id: int | None
    on_progress: Progress
    using: str = DEFAULT_DB_ALIAS

    def run(self) -> int:
        """Returns how many values were sealed anew. Nothing is left on a replaced key when it ends, and the keys go."""
        if self.organization_id is None:
            Patience(1).step(self._replace_platform_key)
        else:
            self._replace_keys(self.organization_id)
        return self._reseal()

    def _replace_keys(self, organization_id: int) -> None:
        Patience(1).step(partial(self._begin, organization_id))
        for limit, step in (
            (BATCH, partial(self._rewrap, organization_id)),
            (BATCH, partial(self._replace, organization_id, SKIP)),
            (1, partial(self._replace, organization_id, WAIT)),
        ):
            patience = Patience(limit)
            while patience.step(step):
                pass

    def _begin(self, organization_id: int, _: int) -> None:
        with transaction.atomic(using=self.using):
            root = active_key(Owner(organization_id, Purpose.ROOT), using=self.using, lock="FOR UPDATE")
            if root is None or self._is_unfinished(organization_id, root):
                return
            retire_keys(organization_id, [root.id], using=self.using)
            insert_key(new_key(root.owner, using=self.using), using=self.using)

    def _is_unfinished(self, organization_id: int, root: StoredKey) -> bool:
        condition = "wrapped IS NOT NULL AND (NOT is_active OR parent_id <> %s) LIMIT 1"
        return bool(tenant_keys(organization_id, condition, [root.id], using=self.using))

    def _rewrap(self, organization_id: int, limit: int) -> int:
        """Keys that stay, since something that cannot be written again depends on them: the new root wraps them."""
        with transaction.atomic(using=self.using):
            keys = self._keys_of_old_roots(organization_id, [Purpose.INDEX.value, Purpose.LEDGER.value], limit)
            for key in keys:
                wrap_anew(_with_new_wrapping(key, self.using), using=self.using)
        return len(keys)

    def _replace(self, organization_id: int, lock: str, limit: int) -> int:
        """From the commit on, no writer uses the old keys: those that did have ended, the lock waits for them.

        It waits for one key at a time, so it never stands in the way of a writer of two.
        """
        with transaction.atomic(using=self.using):
            keys = self._keys_of_old_roots(organization_id, [Purpose.RECORD.value], limit, lock)
            if keys:
                retire_keys(organization_id, [key.id for key in keys], using=self.using)
                fresh = new_tenant_keys([key.owner for key in keys], using=self.using)
                insert_tenant_keys(organization_id, fresh, using=self.using)
        return len(keys)

    def _keys_of_old_roots(
        self, organization_id: int, purposes: list[str], limit: int, lock: str = WAIT
    ) -> list[StoredKey]:
        root = active_key(Owner(organization_id, Purpose.ROOT), using=self.using)
        if root is None:
            return []
        condition = (
            f"purpose = ANY(%s) AND is_active AND wrapped IS NOT NULL AND parent_id <> %s ORDER BY id LIMIT %s {lock}"
        )
        return tenant_keys(organization_id, condition, [purposes, root.id, limit], using=self.using)

    def _replace_platform_key(self, _: int) -> None:
        with transaction.atomic(using=self.using):
            key = active_key(PLATFORM, using=self.using, lock="FOR UPDATE")
            if key is None or len(platform_keys(using=self.using)) > 1:
                return
            retire_keys(None, [key.id], using=self.using)
            insert_key(new_key(PLATFORM, using=self.using), using=self.using)

    def _reseal(self) -> int:
        done = 0
        while old := self._old_keys():
            for column in persons_columns() if self.organization_id is None else clinics_columns():
                done += Walk(column, self.organization_id, old, self.using, self.on_progress).run()
            with transaction.atomic(using=self.using):
                delete_keys(self.organization_id, [key.id for key in old], using=self.using)
        with transaction.atomic(using=self.using):
            self._delete_old_roots()
            if self.organization_id is not None:
                note_rotation(what="values sealed anew", count=done)
        KEYS.forget_everywhere()
        return done

    def _old_keys(self) -> list[StoredKey]:
        with transaction.atomic(using=self.using):
            if self.organization_id is None:
                active = active_key(PLATFORM, using=self.using, lock="")
                return [key for key in platform_keys(using=self.using) if active and key.id != active.id]
            condition = "purpose = %s AND NOT is_active AND wrapped IS NOT NULL ORDER BY id LIMIT %s"
            return tenant_keys(self.organization_id, condition, [Purpose.RECORD.value, BATCH], using=self.using)

    def _delete_old_roots(self) -> None:
        if self.organization_id is None:
            return
        condition = (
            "purpose = %s AND NOT is_active AND NOT EXISTS (SELECT 1 FROM tenancy_datakey child "
            "WHERE child.organization_id = tenancy_datakey.organization_id AND child.parent_id = tenancy_datakey.id "
            "AND child.wrapped IS NOT NULL)"
        )
        roots = tenant_keys(self.organization_id, condition, [Purpose.ROOT.value], using=self.using)
        delete_keys(self.organization_id, [root.id for root in roots], using=self.using)


def _with_new_wrapping(key: StoredKey, using: str) -> StoredKey:
    material = secret_of(key, using=using).material
    return wrapped_key(replace(key, wrapped=None), material, using=using)
