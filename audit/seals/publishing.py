"""Each head goes outside the database: whoever cuts off the end of the ledger cannot cut it off there."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from audit.models import Seal
from tenancy.models import Organization

log = structlog.get_logger(__name__)


def publish_head(seal: Seal, organization: Organization) -> None:
    """A line of the log; and with AUDIT_S3_BUCKET an object that nobody may remove within the clinic's retention.

    Call it outside a transaction: it may take seconds.
    """
    log.info("audit_head", organization=organization.code, seal=seal.number, head=_hex(seal.head), rows=seal.rows)
    if settings.AUDIT_S3_BUCKET:
        _put(seal, organization)


def _put(seal: Seal, organization: Organization) -> None:
    said = {
        "organization": organization.code,
        "seal": seal.number,
        "head": _hex(seal.head),
        "previousHead": _hex(seal.previous_head),
        "rows": seal.rows,
        "lastAt": seal.last_at.isoformat(),
        "key": seal.key_name,
        "signature": _hex(seal.signature),
    }
    _client().put_object(
        Bucket=settings.AUDIT_S3_BUCKET,
        Key=f"{organization.public_id}/{seal.number:012d}.json",
        Body=json.dumps(said).encode(),
        ContentType="application/json",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=timezone.now() + timedelta(days=organization.audit_retention_days),
        # Asked for by every bucket with object lock.
        ChecksumAlgorithm="SHA256",
    )


def _hex(value: Any) -> str:
    return bytes(value).hex()


@cache
def _client() -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise ImproperlyConfigured(
            "AUDIT_S3_BUCKET is set, but boto3 is not installed: pip install 'glucose-platform[aws]', or unset it."
        ) from None
    config = Config(connect_timeout=2, read_timeout=10, retries={"max_attempts": 3, "mode": "standard"})
    return boto3.client("s3", config=config)
