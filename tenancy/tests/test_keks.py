"""What wraps the keys of clinics: keys of the settings, and AWS KMS as moto answers for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module

import pytest
from django.db import transaction
from django.test import override_settings
from moto import mock_aws

from patients.models import HistoryEntry
from tenancy.encryption import keks
from tenancy.encryption.cache import KEYS
from tenancy.encryption.errors import KeyUnavailable
from tenancy.encryption.rotation import rotate_kek
from tenancy.models import DataKey
from tests.clinics import Clinic

REGION = "eu-central-1"


@pytest.fixture
def kms_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = import_module("boto3").client("kms", region_name=REGION)
        arn = client.create_key()["KeyMetadata"]["Arn"]
        client.create_alias(AliasName="alias/glucose", TargetKeyId=arn)
        keks._kms.cache_clear()
        keks._arn_of.cache_clear()
        with override_settings(KMS_KEY_ID="alias/glucose", KMS_REGION=REGION):
            yield arn
    keks._kms.cache_clear()
    keks._arn_of.cache_clear()


def test_kms_wraps_under_the_keys_own_name_and_binds_the_context(kms_key: str) -> None:
    kek = keks.kek_for_writing()
    assert kek.name == f"kms:{kms_key}"
    wrapped = kek.wrap(b"k" * 32, "one")
    assert keks.kek_named(kek.name).unwrap(wrapped, "one") == b"k" * 32
    with pytest.raises(KeyUnavailable, match="KMS refused decrypt"):
        kek.unwrap(wrapped, "another")


@pytest.mark.django_db
@pytest.mark.promise(32)
def test_a_clinic_moves_to_kms_and_back(northside: Clinic, kms_key: str) -> None:
    with northside.scope(), transaction.atomic():
        before = [entry.text for entry in HistoryEntry.objects.order_by("id")]
        for kek_id, kms in ((f"kms:{kms_key}", "alias/glucose"), ("local:derived", "")):
            with override_settings(KMS_KEY_ID=kms):
                assert rotate_kek(northside.organization.id) == 1
            assert set(DataKey.objects.filter(purpose="root").values_list("kek_id", flat=True)) == {kek_id}
            KEYS.forget()
            assert [entry.text for entry in HistoryEntry.objects.order_by("id")] == before


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    keks._kms.cache_clear()
    with override_settings(KMS_KEY_ID="alias/x"), pytest.raises(KeyUnavailable, match=r"glucose-platform\[aws\]"):
        keks.kek_for_writing()


def test_a_changed_key_of_the_same_name_is_told_apart() -> None:
    wrapped = keks.LocalKey("local:a", b"a" * 32).wrap(b"k" * 32, "context")
    with pytest.raises(KeyUnavailable, match="another key of the same name"):
        keks.LocalKey("local:a", b"b" * 32).unwrap(wrapped, "context")
