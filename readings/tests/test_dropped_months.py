"""Months are dropped from the oldest end, and the history partition takes their place."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from structlog.testing import capture_logs

from audit.tests.ledgers import as_owner
from devices.models import Assignment
from readings import tasks
from readings.models import GlucoseReading
from readings.partitions import drop_empty_months
from readings.tests.interruption import Interruption, closing
from readings.tests.summaries import store_at
from readings.tests.test_store import somebody_waits_for_a_lock
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic
from tests.faults.installation import wait_until
from tests.isolation import catalogue

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"])]

HISTORY = "readings_glucosereading_history"
AGED_MONTHS = 3
# Constraints and indexes of the partitions, without their names.
SHAPE = """
    SELECT conrelid::regclass::text, contype::text, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE conrelid::regclass::text ~ '^readings_glucosereading_(history|y)' ORDER BY 1, 2, 3
"""


def months_before_first_kept(count: int) -> date:
    first = timezone.now().date().replace(day=1)
    back = first.year * 12 + first.month - 1 - 24 - count
    return date(back // 12, back % 12 + 1, 1)


def name(month: date) -> str:
    return f"readings_glucosereading_y{month:%Y}m{month:%m}"


def partitions() -> dict[str, str]:
    return dict(
        as_owner(
            "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid "
            "WHERE inhparent = 'readings_glucosereading'::regclass"
        )
    )


@pytest.fixture
def aged(northside: Clinic) -> Iterator[list[date]]:
    """As if the platform had been installed three months earlier; the months that it could do without now."""
    before = (partitions(), as_owner(SHAPE))
    months = [months_before_first_kept(count) for count in range(AGED_MONTHS, -1, -1)]
    as_owner(f"ALTER TABLE readings_glucosereading DETACH PARTITION {HISTORY}")
    as_owner(
        f"ALTER TABLE readings_glucosereading ATTACH PARTITION {HISTORY} "
        f"FOR VALUES FROM (MINVALUE) TO ('{months[0]} 00:00:00+00')"
    )
    for first, end in itertools.pairwise(months):
        as_owner(
            f"CREATE TABLE {name(first)} PARTITION OF readings_glucosereading "
            f"FOR VALUES FROM ('{first} 00:00:00+00') TO ('{end} 00:00:00+00')"
        )
        as_owner(f"ALTER TABLE {name(first)} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    with northside.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Assignment.objects.update(starts_at=datetime(2000, 1, 1, tzinfo=UTC))
    yield months[:-1]
    as_owner("TRUNCATE readings_glucosereading")
    as_owner("SELECT readings_drop_empty_months()")
    assert (partitions(), as_owner(SHAPE)) == before


def at(month: date, days: int = 9) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC) + timedelta(days=days)


def where_stored(instant: datetime) -> str:
    ((found,),) = as_owner(
        "SELECT tableoid::regclass::text FROM readings_glucosereading WHERE measured_at = %s", instant
    )
    return str(found)


def test_months_of_the_last_two_years_stay(northside: Clinic) -> None:
    before = partitions()
    assert drop_empty_months() == 0
    assert partitions() == before


def test_empty_months_go_and_their_readings_still_have_a_place(northside: Clinic, aged: list[date]) -> None:
    old = at(aged[0], days=-40)
    store_at(northside, [old], [100])

    assert drop_empty_months() == AGED_MONTHS
    assert drop_empty_months() == 0

    assert not {name(month) for month in aged} & set(partitions())
    late = [at(month) for month in aged]
    store_at(northside, late, [101, 102, 103])
    store_at(northside, [timezone.now()], [104])
    assert {where_stored(instant) for instant in [old, *late]} == {HISTORY}
    with northside.scope(), transaction.atomic():
        assert list(GlucoseReading.objects.oldest_first().values_list("glucose", flat=True)) == [
            *(100, 101, 102, 103, 104)
        ]
    assert catalogue.protected_tables("owner") >= set(partitions())


def test_a_month_with_readings_keeps_itself_and_those_behind_it(northside: Clinic, aged: list[date]) -> None:
    store_at(northside, [at(aged[1])], [100])
    assert drop_empty_months() == 1
    assert name(aged[1]) in partitions()
    assert name(aged[2]) in partitions()
    assert where_stored(at(aged[1])) == name(aged[1])


def test_nothing_is_dropped_beside_a_reading_that_has_not_committed(northside: Clinic, aged: list[date]) -> None:
    """The month looks empty, and is not: the task leaves it to the next night."""
    with Interruption(lambda: store_at(northside, [at(aged[0])], [100])):
        with pytest.raises(OperationalError, match="lock timeout"):
            drop_empty_months()
        with capture_logs() as lines:
            tasks.ensure_partitions()
        assert [line["event"] for line in lines] == ["months_not_dropped"]
    assert drop_empty_months() == 0
    assert where_stored(at(aged[0])) == name(aged[0])


def test_a_reading_that_commits_while_the_drop_waits_is_kept(northside: Clinic, aged: list[date]) -> None:
    dropped: list[int] = []

    def drop() -> None:
        # On a busy machine the second may pass: that keeps the reading as well.
        with suppress(OperationalError):
            dropped.append(drop_empty_months())

    dropping = threading.Thread(target=closing(drop))
    with Interruption(lambda: store_at(northside, [at(aged[0])], [100])):
        dropping.start()
        wait_until(lambda: somebody_waits_for_a_lock() or not dropping.is_alive())
    dropping.join(30)
    assert dropped in ([0], [])
    assert where_stored(at(aged[0])) == name(aged[0])


def test_a_large_history_is_left_alone_and_another_one_begun(northside: Clinic, aged: list[date]) -> None:
    """What must be checked while everybody waits is never large."""
    old, late = at(aged[0], days=-40), at(aged[1])
    store_at(northside, [old], [100])
    body = _function_with_limit(0)
    try:
        assert drop_empty_months() == AGED_MONTHS
    finally:
        as_owner(body)
    second = f"{HISTORY}_{name(aged[0])[-8:]}"
    assert partitions()[second].startswith(f"FOR VALUES FROM ('{aged[0]} 00:00:00+00')")
    store_at(northside, [late], [101])
    assert (where_stored(old), where_stored(late)) == (HISTORY, second)
    assert second in catalogue.protected_tables("owner")
    _put_back(second)


def _function_with_limit(megabytes: int) -> str:
    """As if tables above ``megabytes`` were large; returns the statement that puts the function back."""
    ((definition,),) = as_owner("SELECT pg_get_functiondef('readings_drop_empty_months'::regproc)")
    definition = definition.replace("%", "%%")
    assert "<= 64 * 1024 * 1024" in definition
    as_owner(definition.replace("<= 64 * 1024 * 1024", f"<= {megabytes} * 1024 * 1024"))
    return str(definition)


def _put_back(second: str) -> None:
    ((ends,),) = as_owner(
        "SELECT substring(pg_get_expr(relpartbound, oid) from 'TO [(](.*)[)]') FROM pg_class WHERE relname = %s", second
    )
    as_owner(f"DROP TABLE {second}")
    as_owner(f"TRUNCATE {HISTORY}")
    as_owner(f"ALTER TABLE readings_glucosereading DETACH PARTITION {HISTORY}")
    as_owner(f"ALTER TABLE readings_glucosereading ATTACH PARTITION {HISTORY} FOR VALUES FROM (MINVALUE) TO ({ends})")


def test_the_app_role_cannot_do_it_by_itself(northside: Clinic) -> None:
    with pytest.raises(Exception, match="must be owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {HISTORY}")
    with (
        pytest.raises(Exception, match="permission denied") as refusal,
        northside.scope(),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM readings_glucosereading")
    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)
