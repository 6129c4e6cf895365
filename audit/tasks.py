from __future__ import annotations

import structlog
from celery import shared_task
from django.db import transaction

from audit import looks, partitions
from audit.events import put_sealed_entries
from audit.models import Seal
from audit.seals import retention
from audit.seals.due import organizations_with_unsealed_entries
from audit.seals.publishing import publish_head
from audit.seals.sealing import seal_organization
from tenancy.models import Organization
from tenancy.scope import organization_scope, required_organization_id
from tenancy.tasks import OrganizationTask, PlatformTask, in_each_organization, send_task

log = structlog.get_logger(__name__)


@shared_task(base=PlatformTask, name="audit.seal", why="each clinic's entries are sealed in a scope of its own")
def seal() -> None:
    """One clinic that fails does not stop the rest."""
    for organization_id in organizations_with_unsealed_entries():
        with organization_scope(organization_id):
            try:
                made = seal_organization()
            except Exception:
                log.exception("audit_not_sealed", organization=organization_id)
                continue
            put_sealed_entries(made)
            if made and not send_task(publish, number=made[-1].number):
                _publish_without_the_broker(made[-1].number)


@shared_task(
    base=OrganizationTask,
    name="audit.publish_head",
    autoretry_for=(Exception,),
    retry_backoff=10,
    retry_jitter=True,
    max_retries=5,
)
def publish(number: int) -> None:
    """The newest head is enough: those before follow from it."""
    _publish(number)


def _publish_without_the_broker(number: int) -> None:
    """Nothing would send it again before the clinic's next seal."""
    try:
        _publish(number)
    except Exception:
        log.exception("audit_head_not_published", organization=required_organization_id(), seal=number)


def _publish(number: int) -> None:
    with transaction.atomic():
        seal = Seal.objects.get(number=number)
        organization = Organization.objects.get(pk=seal.organization_id)
    publish_head(seal, organization)


@shared_task(base=PlatformTask, name="audit.add_covered_looks", why="each entry is written in its clinic's scope")
def add_covered_looks() -> None:
    looks.add_covered_looks()


@shared_task(base=PlatformTask, name="audit.keep_months", why="months are the whole platform's")
def keep_months() -> None:
    partitions.ensure_months()
    retention.drop_empty_months()


@shared_task(base=PlatformTask, name="audit.remove_expired", why="each clinic's entries go in a scope of its own")
def remove_expired() -> None:
    in_each_organization(retention.remove_expired_entries, failed="audit_not_expired")
