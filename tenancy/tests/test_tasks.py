from __future__ import annotations

from typing import Any

import pytest
from celery import Task

from glucose_platform.celery import app
from patients.models import Patient
from tenancy.scope import ScopeError, current_scope
from tenancy.tasks import HEADER, OrganizationTask, PlatformTask
from tests.clinics import Clinic

pytestmark = pytest.mark.promise(7)

app.loader.import_default_modules()
OURS = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


@pytest.fixture
def counting() -> Any:
    @app.task(base=OrganizationTask, name="tests.count_patients")
    def count_patients() -> tuple[int, int]:
        scope = current_scope()
        assert scope is not None
        return scope.organization_id or 0, Patient.objects.count()

    yield count_patients
    app.tasks.pop("tests.count_patients")


def test_there_are_tasks() -> None:
    assert "readings.ensure_partitions" in OURS


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_task_says_whose_data_it_touches(name: str) -> None:
    task = OURS[name]
    assert isinstance(task, OrganizationTask | PlatformTask)
    if isinstance(task, PlatformTask):
        assert len(task.why.split()) >= 4, "say why, in words"


def test_every_scheduled_task_exists() -> None:
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(OURS)


@pytest.mark.parametrize("name", [name for name in sorted(OURS) if isinstance(OURS[name], OrganizationTask)] + [None])
def test_without_an_organization_it_refuses(name: str | None, counting: Task[Any, Any]) -> None:
    task = OURS[name] if name else counting
    with pytest.raises(ScopeError, match="sent without an organization"):
        task()
    with pytest.raises(ScopeError, match="run it inside organization_scope"):
        task.delay()


@pytest.mark.django_db
def test_it_runs_in_the_organization_that_was_current_when_it_was_sent(
    northside: Clinic, southside: Clinic, counting: Task[Any, Any]
) -> None:
    for clinic in (northside, southside):
        stamped: Any = {HEADER: clinic.organization.id}
        with clinic.scope():
            result = counting.apply(headers=stamped)
        assert result.get() == (clinic.organization.id, 2)
    assert current_scope() is None


@pytest.mark.django_db
def test_the_header_is_stamped_when_it_is_sent(northside: Clinic, counting: Task[Any, Any]) -> None:
    with app.connection_for_write() as connection, northside.scope():
        queue = connection.SimpleQueue(f"isolation-{northside.organization.id}")
        counting.apply_async(queue=queue.queue.name, headers={"other": "kept"})
        message = queue.get(timeout=10)
        message.ack()
        queue.queue.delete()
    assert int(message.headers[HEADER]) == northside.organization.id
    assert message.headers["other"] == "kept"
