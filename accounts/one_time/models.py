from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from tenancy.encryption.fields import SealedTextField


class OneTimeDevice(models.Model):
    """The app on a person's phone that shows a new code every 30 seconds. It counts once a code has confirmed it."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    secret = SealedTextField(platform=True, help_text="in base32, as the app takes it")
    last_step = models.BigIntegerField(
        default=0, help_text="the half minute of the newest code that was accepted: none of it or before is again"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_onetimedevice"

    def __str__(self) -> str:
        return str(self.public_id)


class RecoveryCode(models.Model):
    """Stands in for the phone, once. Kept as a digest under SECRET_KEY; the person alone has the code."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    digest = models.BinaryField(max_length=32, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "accounts_recoverycode"

    def __str__(self) -> str:
        return str(self.pk)
