"""A new pair of tokens that the database did not take: sealed, in Valkey, until it can be stored.

Without it the consent would be lost: the old pair is spent. Where Valkey is away as well, a log line of level critical
says which connection will have to be connected again.
"""

from __future__ import annotations

from typing import Any

import msgspec
import redis
import structlog
from django.db import transaction

from dexcom_sync.client import Tokens
from dexcom_sync.models import Connection
from tenancy.encryption.cache import Secret
from tenancy.encryption.envelope import Place, seal
from tenancy.encryption.keys import open_text, sealing_key
from tenancy.encryption.owners import Owner, Purpose
from tenancy.redis import limits_client

KEPT_FOR = 7 * 24 * 3600

log = structlog.get_logger(__name__)


class Away(Exception):
    """Whether something lies there cannot be told now."""


class _Kept(msgspec.Struct):
    generation: int
    pair: Tokens


@transaction.atomic
def lock_for(connection: Connection) -> Secret:
    """What ``keep`` seals with. To be had before the old pair is spent: when it is wanted, the database is away."""
    return sealing_key(Owner(connection.organization_id, Purpose.RECORD, connection.patient_id))


def keep(connection: Connection, pair: Tokens, *, generation: int, lock: Secret) -> None:
    """Without the database."""
    try:
        text = msgspec.json.encode(_Kept(generation, pair)).decode()
        sealed = seal(text, key_id=lock.id, cipher=lock.cipher, place=_place(connection))
        limits_client().set(_key(connection), sealed, ex=KEPT_FOR)
    except Exception:
        log.critical("dexcom_token_lost", connection=str(connection.public_id), exc_info=True)


def look(connection: Connection, *, after: int) -> Tokens | None:
    """The pair that follows generation ``after``, if it lies here. Raises Away."""
    try:
        sealed: Any = limits_client().get(_key(connection))
    except redis.RedisError as error:
        raise Away from error
    if sealed is None:
        return None
    with transaction.atomic():
        kept = msgspec.json.decode(open_text(sealed, place=_place(connection)), type=_Kept)
    return kept.pair if kept.generation == after + 1 else None


def forget_after_commit(connection: Connection) -> None:
    transaction.on_commit(lambda: forget(connection))


def forget(connection: Connection) -> None:
    try:
        limits_client().delete(_key(connection))
    except redis.RedisError:
        log.warning("dexcom_escrow_not_emptied", connection=str(connection.public_id))


def _key(connection: Connection) -> str:
    return f"dexcom:escrow:{connection.public_id}"


def _place(connection: Connection) -> Place:
    return Place(connection.organization_id, "dexcom_escrow", "pair", str(connection.public_id))
