from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from devices.models import Device, DeviceKey
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class ClaimCodeQuerySet(TenantQuerySet["ClaimCode"]):
    def open_at(self, now: datetime) -> ClaimCodeQuerySet:
        return self.filter(used_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=now)


class ClaimCode(TenantModel):
    """The right of whoever holds the code to become this device, once. Only a keyed digest of the code is kept."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    device = TenantForeignKey(Device, related_name="claims")
    digest = models.BinaryField(max_length=32, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150, editable=False, help_text="name of the person")
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)
    # The key that the device got for it.
    key = TenantForeignKey(DeviceKey, null=True, related_name="+", editable=False)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(ClaimCodeQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="devices_claimcode_public_id"),
            models.UniqueConstraint(fields=["organization", "digest"], name="devices_claimcode_digest"),
        ]
        indexes = [
            # Asked before any clinic is known.
            models.Index(fields=["digest"], name="devices_claimcode_lookup"),
            models.Index(fields=["organization", "device"], name="devices_claimcode_device"),
        ]

    def __str__(self) -> str:
        return f"claim of {self.device_id}"
