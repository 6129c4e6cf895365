from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class EntryQuerySet(TenantQuerySet["Entry"]):
    def about_patient(self, patient_id: int) -> EntryQuerySet:
        """Whose record it was, alone or among others on a page that lists."""
        return self.filter(models.Q(patient_id=patient_id) | models.Q(patient_ids__contains=[patient_id]))

    def by_actor(self, actor_id: str) -> EntryQuerySet:
        """What a person or a key did, by public id."""
        return self.filter(actor_id=actor_id)

    def about_object(self, object_types: list[str], object_id: str) -> EntryQuerySet:
        return self.filter(object_type__in=object_types, object_id=object_id)

    def between(self, since: datetime | None, until: datetime | None) -> EntryQuerySet:
        """From ``since`` on, before ``until``; None is no limit on that side."""
        entries = self if since is None else self.filter(at__gte=since)
        return entries if until is None else entries.filter(at__lt=until)

    def newest_first(self) -> EntryQuerySet:
        return self.order_by("-at", "-id")

    def older_than(self, at: datetime, number: int) -> EntryQuerySet:
        """What follows, newest first, after this entry."""
        return self.filter(at__lte=at).filter(models.Q(at__lt=at) | models.Q(id__lt=number))


class Entry(TenantModel):
    """One line of the ledger: who did or saw what, of whose record, from where. Nobody changes or removes it.

    Records and people are named by what the outside calls them, so that the line outlives them. The table is
    partitioned by month; rows are written by ``audit.store`` only, since a patient's login may add but not read.
    """

    pk = models.CompositePrimaryKey("organization_id", "at", "id")
    at = models.DateTimeField()
    id = models.BigIntegerField()
    # Raised by the owner when the database was restored into another server, where transactions count anew.
    epoch = models.SmallIntegerField()
    xid = models.BigIntegerField(help_text="the transaction that wrote it; seals go by it")
    actor_kind = models.TextField()
    actor_id = models.TextField()
    actor_name = models.TextField()
    actor_role = models.TextField()
    action = models.TextField(
        help_text="a value of audit.actions.Action; without choices, so that a new one needs no migration"
    )
    object_type = models.TextField()
    object_id = models.TextField()
    patient_id = models.BigIntegerField(null=True)
    patient_ids: Any = ArrayField(models.BigIntegerField(), null=True, help_text="everybody on a page that lists")
    ip = models.GenericIPAddressField(null=True)
    session = models.TextField()
    request_id = models.TextField()
    reason = models.TextField()
    outcome = models.TextField()
    count = models.IntegerField()
    changes: Any = models.JSONField(null=True, help_text="[field, old, new], in the order in which they were given")

    objects: ClassVar[Any] = TenantManager.of(EntryQuerySet)

    class Meta(TenantModel.Meta):
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"

    @property
    def all_patient_ids(self) -> list[int]:
        """Of whose records it tells."""
        return [self.patient_id] if self.patient_id is not None else list(self.patient_ids or [])

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.object_type} {self.object_id}"


class Seal(TenantModel):
    """A signed link of the chain over all entries of one clinic, up to (epoch, upto_xid, upto_id)."""

    pk = models.CompositePrimaryKey("organization_id", "number")
    number = models.BigIntegerField()
    epoch = models.SmallIntegerField()
    upto_xid = models.BigIntegerField()
    upto_id = models.BigIntegerField()
    rows = models.IntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    # Which entry says what: a chain's head alone would tell that something is wrong, not where.
    entry_ids: Any = ArrayField(models.BigIntegerField())
    entry_digests = models.BinaryField(help_text="16 bytes for each entry, in the order of entry_ids")
    previous_head = models.BinaryField()
    head = models.BinaryField()
    key_name = models.TextField()
    signature = models.BinaryField()
    sealed_at = models.DateTimeField()
    # Written by the owner's function alone, which removes entries after the clinic's retention time.
    expired_at = models.DateTimeField(null=True)
    expired_after_days = models.IntegerField(null=True)

    objects: ClassVar[Any] = TenantManager.of(TenantQuerySet)

    def __str__(self) -> str:
        return f"seal {self.number}"
