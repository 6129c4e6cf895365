"""Keys that wrap keys: from the settings, or held by AWS KMS. Both read what they wrapped; one wraps what is new."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from tenancy.encryption.envelope import NONCE_BYTES
from tenancy.encryption.errors import KeyUnavailable

LOCAL, KMS = "local:", "kms:"


class KeyEncryptionKey(Protocol):
    """``context`` says what a wrapped key is for; unwrapping it with another one fails."""

    name: str

    def wrap(self, key: bytes, context: str) -> bytes: ...

    def unwrap(self, wrapped: bytes, context: str) -> bytes: ...


class LocalKey:
    def __init__(self, name: str, key: bytes) -> None:
        self.name = name
        self._cipher = AESGCM(key)

    def wrap(self, key: bytes, context: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, context.encode())

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context.encode())
        except InvalidTag:
            raise KeyUnavailable(
                f"{self.name} does not unwrap the key {context}: it is another key of the same name, or the table of "
                "keys was changed. Give the former key, or restore the table."
            ) from None


class KmsKey:
    """AWS KMS holds the key; only wrapped keys and their context go there."""

    def __init__(self, arn: str) -> None:
        self.name = KMS + arn
        self._arn = arn

    def wrap(self, key: bytes, context: str) -> bytes:
        answer = _ask_kms("encrypt", KeyId=self._arn, Plaintext=key, EncryptionContext={"for": context})
        return bytes(answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        answer = _ask_kms("decrypt", KeyId=self._arn, CiphertextBlob=wrapped, EncryptionContext={"for": context})
        return bytes(answer["Plaintext"])


def kek_for_writing() -> KeyEncryptionKey:
    if settings.KMS_KEY_ID:
        return KmsKey(_arn_of(settings.KMS_KEY_ID))
    return kek_named(LOCAL + settings.ENCRYPTION_KEYS.active)


def kek_named(name: str) -> KeyEncryptionKey:
    """Raises KeyUnavailable where the settings no longer have it."""
    if name.startswith(KMS):
        return KmsKey(name.removeprefix(KMS))
    key = settings.ENCRYPTION_KEYS.keys.get(name.removeprefix(LOCAL))
    if key is None:
        raise KeyUnavailable(
            f"ENCRYPTION_KEYS no longer has the key {name.removeprefix(LOCAL)!r}, which still wraps keys of clinics. "
            "Add it again, run `manage.py keys rotate-kek`, and remove it when `keys status` shows none left."
        )
    return LocalKey(name, key)


@cache
def _arn_of(key_id: str) -> str:
    """An alias may point elsewhere tomorrow; what is stored names the key itself."""
    return str(_ask_kms("describe_key", KeyId=key_id)["KeyMetadata"]["Arn"])


def _ask_kms(operation: str, **parameters: Any) -> dict[str, Any]:
    client, errors = _kms()
    try:
        answer: dict[str, Any] = getattr(client, operation)(**parameters)
    except errors as error:
        raise KeyUnavailable(f"AWS KMS refused {operation} or did not answer: {type(error).__name__}.") from error
    return answer


@cache
def _kms() -> tuple[Any, tuple[type[Exception], ...]]:
    try:
        boto3, config, exceptions = map(import_module, ("boto3", "botocore.config", "botocore.exceptions"))
    except ImportError:
        raise KeyUnavailable(
            "KMS_KEY_ID is set, but boto3 is not installed: install the extra, pip install 'glucose-platform[aws]'."
        ) from None
    # A request waits for it: short, and few tries.
    patience = config.Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 3, "mode": "standard"})
    client = boto3.client("kms", region_name=settings.KMS_REGION or None, config=patience)
    return client, (exceptions.BotoCoreError, exceptions.ClientError)
