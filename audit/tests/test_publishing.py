from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.conf import settings
from moto import mock_aws
from structlog.testing import capture_logs

from audit.seals import publishing
from audit.seals.publishing import publish_head
from audit.tests.ledgers import seal, verify, write
from tests.clinics import Clinic

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(57)]
BUCKET = "heads-of-the-ledger"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """AWS's own client, and answers as AWS gives them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(
            Bucket=BUCKET,
            ObjectLockEnabledForBucket=True,
            CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
        )
        monkeypatch.setattr(settings, "AUDIT_S3_BUCKET", BUCKET)
        publishing._client.cache_clear()
        yield client
    publishing._client.cache_clear()


def test_a_head_is_a_line_of_the_log(northside: Clinic) -> None:
    write(northside)
    (made,) = seal(northside)
    with capture_logs() as lines:
        publish_head(made, northside.organization)

    (line,) = lines
    assert (line["event"], line["organization"], line["seal"]) == ("audit_head", "northside", 1)
    assert line["head"] == verify(northside).head


def test_a_head_is_an_object_that_stays_for_the_clinics_retention(northside: Clinic, bucket: Any) -> None:
    write(northside)
    (made,) = seal(northside)
    publish_head(made, northside.organization)

    (listed,) = bucket.list_objects_v2(Bucket=BUCKET)["Contents"]
    stored = bucket.get_object(Bucket=BUCKET, Key=listed["Key"])
    said = json.loads(stored["Body"].read())
    assert listed["Key"] == f"{northside.organization.public_id}/000000000001.json"
    assert (said["organization"], said["head"], said["rows"]) == ("northside", verify(northside).head, made.rows)
    assert stored["ObjectLockMode"] == "COMPLIANCE"
    kept = stored["ObjectLockRetainUntilDate"] - made.sealed_at
    assert kept.days in (northside.organization.audit_retention_days - 1, northside.organization.audit_retention_days)
