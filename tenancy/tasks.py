"""Celery tasks say whose data they touch: one organization, named in the message, or the platform, with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar, TypeVar

import structlog
from celery import Task
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError
from prometheus_client import Counter

from tenancy.directory import all_organizations
from tenancy.scope import ScopeError, organization_scope, required_organization_id

Result = TypeVar("Result")
HEADER = "glucose_organization_id"
TASKS_NOT_SENT = Counter("glucose_tasks_not_sent_total", "Tasks that the broker did not take from a request", ["task"])

log = structlog.get_logger(__name__)


class OrganizationTask(Task[Any, Any]):
    """Runs in the scope of the organization that was current when it was sent. Without the header it refuses."""

    abstract = True

    def apply_async(self, *args: Any, headers: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        stamped = {**(headers or {}), HEADER: required_organization_id()}
        return super().apply_async(*args, headers=stamped, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        organization_id = (self.request.headers or {}).get(HEADER) or self.request.get(HEADER)
        if organization_id is None:
            raise ScopeError(f"{self.name} was sent without an organization.")
        with organization_scope(int(organization_id)):
            return super().__call__(*args, **kwargs)


class PlatformTask(Task[Any, Any]):
    """Touches no organization's rows; ``why`` says what it does for the platform as a whole."""

    abstract = True
    why: ClassVar[str]


def in_each_organization(
    work: Callable[[], Result], *, failed: str, among: Iterable[int] | None = None
) -> list[Result]:
    """Each clinic, or each one ``among`` these, in a scope of its own; returns what the work gave.

    One that fails is logged under ``failed``, gives nothing and does not stop the rest.
    """
    given = []
    for organization_id in [one.id for one in all_organizations()] if among is None else among:
        with organization_scope(organization_id):
            try:
                given.append(work())
            except Exception:
                log.exception(failed, organization=organization_id)
    return given


def send_task(task: Task[Any, Any], **arguments: Any) -> bool:
    """Hand a task to the workers from a request: within Redis's budget of time, and without a second try.

    False where the broker did not take it, which the log and a metric tell. Name rows by id: messages lie in Redis.
    """
    budget = settings.REDIS_BUDGET_SECONDS
    options = {"socket_timeout": budget, "socket_connect_timeout": budget, "max_retries": 0}
    try:
        with task.app.connection_for_write(transport_options=options) as connection:
            task.apply_async(kwargs=arguments, connection=connection, retry=False)  # type: ignore[call-arg]
    except OperationalError:
        TASKS_NOT_SENT.labels(task.name).inc()
        log.warning("task_not_sent", task=task.name, advice="Is Redis running?")
        return False
    return True


def send_task_after_commit(task: Task[Any, Any], **arguments: Any) -> None:
    """As ``send_task``, once the rows that the task will read are there. A rollback sends nothing."""
    transaction.on_commit(partial(send_task, task, **arguments))
