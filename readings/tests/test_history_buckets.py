"""History by minutes, hours and days, and that long ranges are read from the day summaries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import fmean
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients.models import Patient
from readings.history import Bucket, Resolution, bucket_page_steps
from readings.history.days import day_of, days_until, start_of_day
from readings.models import DaySummary, DirtyDay, GlucoseReading, RangeFlag
from readings.rows import ReadingRow
from readings.services import store_readings
from readings.store import run_steps
from readings.summaries import summarise_dirty_days
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db
BERLIN = "Europe/Berlin"
# Clocks change at night, at midnight itself, twice an hour at midnight, by 30 minutes, or jump over a whole day.
ZONES = [BERLIN, "America/New_York", "America/Santiago", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu"]
CHANGES = {
    BERLIN: (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2025, 10, 26, 1, tzinfo=UTC)),
    "America/New_York": (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2025, 11, 2, 6, tzinfo=UTC)),
    "America/Santiago": (datetime(2025, 9, 7, 4, tzinfo=UTC), datetime(2026, 4, 5, 3, tzinfo=UTC)),
    "America/Havana": (datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2025, 11, 2, 5, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2025, 10, 4, 15, 30, tzinfo=UTC), datetime(2026, 4, 4, 15, tzinfo=UTC)),
    "Asia/Kathmandu": (datetime(2026, 3, 1, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC)),
}


def row(clinic: Clinic, at: datetime, glucose: int = 100) -> ReadingRow:
    flag = RangeFlag.LOW if glucose == 39 else RangeFlag.HIGH if glucose == 401 else RangeFlag.IN_RANGE
    return ReadingRow(clinic.devices[0].id, at, glucose, range_flag=flag)


def store(clinic: Clinic, rows: Sequence[ReadingRow]) -> None:
    for begin in range(0, len(rows), 5000):
        store_readings(rows=rows[begin : begin + 5000])


def buckets(
    clinic: Clinic,
    resolution: str,
    *,
    timezone: str = BERLIN,
    since: datetime | None = None,
    until: datetime | None = None,
    before: datetime | None = None,
    limit: int = 1000,
) -> list[Bucket]:
    steps = bucket_page_steps(
        (clinic.organization.id, clinic.patients[0].id),
        timezone=timezone,
        resolution=Resolution(resolution),
        since=since,
        until=until,
        before=before,
        limit=limit,
    )
    with transaction.atomic():
        return run_steps(steps)


def reckoned(rows: Iterable[ReadingRow], resolution: str, timezone: str) -> list[Bucket]:
    """The same by plain Python, from the definition."""
    zone, grouped = ZoneInfo(timezone), dict[datetime, list[ReadingRow]]()
    for reading in rows:
        midnight = start_of_day(day_of(reading.measured_at, zone), zone)
        width = Resolution(resolution).width
        start = midnight if resolution == "1d" else midnight + (reading.measured_at - midnight) // width * width
        grouped.setdefault(start, []).append(reading)
    return [bucket_of(start, grouped[start]) for start in sorted(grouped, reverse=True)]


def bucket_of(start: datetime, rows: list[ReadingRow]) -> Bucket:
    plain = [reading.glucose for reading in rows if reading.range_flag == 0]
    mean = int(fmean(reading.glucose for reading in rows) * 10 + 0.5 + 1e-9) / 10
    below, above = (sum(reading.range_flag == flag for reading in rows) for flag in (-1, 1))
    lowest, highest = (min(plain), max(plain)) if plain else (None, None)
    return Bucket(start, lowest, highest, mean if plain else None, len(rows), below, above)


def move(clinic: Clinic, timezone: str) -> None:
    """Days are marked where the patient lives."""
    with transaction.atomic(), audited_elsewhere("a test"):
        Patient.objects.filter(pk=clinic.patients[0].pk).update(timezone=timezone)


def summarise(clinic: Clinic, timezone: str, *, days: Iterable[date] | None = None) -> None:
    """Write the summaries of all days, or of ``days``, and take their marks away: what a worker does, in Python."""
    zone, patient = ZoneInfo(timezone), clinic.patients[0]
    grouped: dict[date, list[GlucoseReading]] = {}
    with transaction.atomic():
        for reading in GlucoseReading.objects.for_patient(patient).canonical().oldest_first():
            grouped.setdefault(day_of(reading.measured_at, zone), []).append(reading)
        for day in grouped if days is None else days:
            DaySummary.objects.filter(patient_id=patient.pk, day=day).delete()
            summary(clinic, day, zone, grouped[day]).save(force_insert=True)
            DirtyDay.objects.filter(patient_id=patient.pk, day=day).delete()


def summary(clinic: Clinic, day: date, zone: ZoneInfo, readings: list[GlucoseReading]) -> DaySummary:
    starts_at, ends_at = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)
    hours: list[list[GlucoseReading]] = [[] for _ in range(-(-(ends_at - starts_at) // timedelta(hours=1)))]
    for reading in readings:
        hours[(reading.measured_at - starts_at) // timedelta(hours=1)].append(reading)
    values, plain = ([r.glucose for r in readings], [r.glucose for r in readings if r.range_flag == 0])
    plain_hours = [[r.glucose for r in hour if r.range_flag == 0] for hour in hours]
    return DaySummary(
        patient=clinic.patients[0], day=day, timezone=zone.key, starts_at=starts_at, ends_at=ends_at,
        count=len(values), below_sensor_range=sum(r.range_flag == -1 for r in readings),
        above_sensor_range=sum(r.range_flag == 1 for r in readings),
        very_low=0, low=0, in_range=0, high=0, very_high=0,
        total=sum(values), squares=0, minimum=min(plain, default=None), maximum=max(plain, default=None),
        histogram_from=0, histogram=[], hour_counts=[len(hour) for hour in hours],
        hour_totals=[sum(r.glucose for r in hour) if hour else None for hour in hours],
        hour_minima=[min(hour, default=None) for hour in plain_hours],
        hour_maxima=[max(hour, default=None) for hour in plain_hours],
        summarised_at=ends_at,
    )  # fmt: skip


def rows_read() -> int:
    """How many readings this transaction has fetched so far, whatever the plan."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(sum(seq_tup_read + COALESCE(idx_tup_fetch, 0)), 0) FROM pg_stat_xact_user_tables "
            "WHERE relname LIKE 'readings_glucosereading%'"
        )
        return int(cursor.fetchone()[0])


def test_a_bucket_tells_smallest_largest_mean_and_count(northside: Clinic, southside: Clinic) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    values = [100, 101, 120, 90]
    for clinic in (northside, southside):
        with clinic.scope():
            shift = 0 if clinic is northside else 100
            store(clinic, [row(clinic, noon + timedelta(minutes=i), v + shift) for i, v in enumerate(values)])
    with northside.scope():
        assert buckets(northside, "5m") == [Bucket(noon, 90, 120, 102.8, 4, 0, 0)]
        assert [found.count for found in buckets(northside, "1m")] == [1, 1, 1, 1]
        (day,) = buckets(northside, "1d")
    assert day.starts_at == datetime(2026, 2, 28, 23, tzinfo=UTC)


def test_low_and_high_are_counted_and_never_smallest_or_largest(northside: Clinic) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with northside.scope():
        store(northside, [row(northside, noon, 39), row(northside, noon + timedelta(hours=1), 401),
                          row(northside, noon + timedelta(hours=1, minutes=5), 200)])  # fmt: skip
        for _ in ("from the readings", "from the summary"):
            assert buckets(northside, "1h") == [
                Bucket(noon + timedelta(hours=1), 200, 200, 300.5, 2, 0, 1),
                Bucket(noon, None, None, None, 1, 1, 0),
            ]
            assert buckets(northside, "1d") == [
                Bucket(start_of_day(date(2026, 3, 1), ZoneInfo(BERLIN)), 200, 200, 213.3, 3, 1, 1)
            ]
            summarise(northside, BERLIN)


def test_the_window_cuts_readings_and_a_cursor_goes_on(northside: Clinic) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with northside.scope():
        rows = [row(northside, noon + timedelta(minutes=5 * i), 100 + i) for i in range(36)]
        store(northside, rows)
        summarise(northside, BERLIN)
        since, until = noon + timedelta(minutes=65), noon + timedelta(minutes=130)
        assert [found.count for found in buckets(northside, "1h", since=since, until=until)] == [2, 11]
        assert [found.count for found in buckets(northside, "1d", since=since, until=until)] == [13]
        for resolution in ("5m", "15m", "1h", "1d"):
            whole, paged, before = buckets(northside, resolution), [], None
            while page := buckets(northside, resolution, before=before, limit=7):
                paged += page
                before = page[-1].starts_at
            assert paged == whole == reckoned(rows, resolution, BERLIN)
        assert buckets(northside, "1h", until=noon) == []


def test_readings_years_apart_are_found(northside: Clinic) -> None:
    instants = [
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        datetime(2023, 6, 1, tzinfo=UTC),
        datetime(2020, 1, 2, tzinfo=UTC),
    ]
    with northside.scope():
        rows = [row(northside, at) for at in instants]
        store(northside, rows)
        for resolution in Resolution:
            assert buckets(northside, resolution.value) == reckoned(rows, resolution.value, BERLIN)


@pytest.mark.parametrize("zone", ZONES)
def test_days_of_a_clock_change_have_their_real_length(northside: Clinic, zone: str) -> None:
    for change in CHANGES[zone]:
        last = day_of(change, ZoneInfo(zone)) + timedelta(days=2)
        days = days_until(last, 5, ZoneInfo(zone))
        assert all(before.ends_at == after.starts_at for before, after in pairwise(days))
        start = days[0].starts_at
        rows = [
            row(northside, start + timedelta(minutes=10 * i))
            for i in range((days[-1].ends_at - start) // timedelta(minutes=10))
        ]
        with northside.scope(), transaction.atomic():
            savepoint = transaction.savepoint()
            store(northside, rows)
            from_readings = {name: buckets(northside, name, timezone=zone) for name in ("15m", "1h", "1d")}
            summarise(northside, zone)
            for name, found in from_readings.items():
                assert found == reckoned(rows, name, zone) == buckets(northside, name, timezone=zone)
            lengths = {(day.ends_at - day.starts_at) // timedelta(minutes=10) for day in days}
            assert {found.count for found in from_readings["1d"]} == lengths
            transaction.savepoint_rollback(savepoint)


one_reading = st.tuples(
    st.integers(-3 * 24 * 60, 3 * 24 * 60), st.sampled_from([39, 40, 55, 70, 111, 180, 181, 250, 399, 401])
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    zone=st.sampled_from(ZONES),
    sent=st.lists(one_reading, min_size=1, max_size=60, unique_by=lambda p: p[0]),
)
def test_summaries_and_readings_say_the_same(
    northside: Clinic, data: st.DataObject, zone: str, sent: list[tuple[int, int]]
) -> None:
    """Whichever days are summarised, marked or in another zone, and wherever the window and the pages cut."""
    around = data.draw(st.sampled_from(CHANGES[zone]))
    rows = [row(northside, around + timedelta(minutes=minute), glucose) for minute, glucose in sent]
    first, second = sorted(data.draw(st.tuples(*[st.integers(-4000, 4000)] * 2)))
    window = around + timedelta(minutes=first), around + timedelta(minutes=second)
    within = [reading for reading in rows if window[0] <= reading.measured_at < window[1]]
    days = sorted({day_of(reading.measured_at, ZoneInfo(zone)) for reading in rows})
    summarised = data.draw(st.lists(st.sampled_from(days), unique=True))
    stale = data.draw(st.integers(0, len(rows) - 1))
    resolution, limit = data.draw(st.sampled_from(["15m", "1h", "1d"])), data.draw(st.sampled_from([2, 1000]))
    with northside.scope(), transaction.atomic():
        savepoint = transaction.savepoint()
        # What came last marks its day again, and the summary of that day is an old one.
        store(northside, rows[:stale] + rows[stale + 1 :])
        known = {day_of(reading.measured_at, ZoneInfo(zone)) for i, reading in enumerate(rows) if i != stale}
        move(northside, zone)
        if data.draw(st.booleans()):
            summarise_dirty_days(limit=None)
        else:
            summarise(northside, zone, days=[day for day in summarised if day in known])
        store(northside, [rows[stale]])
        found, before = [], None
        while page := buckets(
            northside, resolution, timezone=zone, since=window[0], until=window[1], before=before, limit=limit
        ):
            found += page
            before = page[-1].starts_at
        transaction.savepoint_rollback(savepoint)
    assert found == reckoned(within, resolution, zone)


def test_a_year_by_the_hour_reads_summaries(northside: Clinic) -> None:
    begin = start_of_day(date(2025, 3, 1), ZoneInfo(BERLIN))
    rows = [row(northside, begin + timedelta(minutes=20 * i), 60 + i * i % 191) for i in range(365 * 72)]
    with northside.scope():
        move(northside, BERLIN)
        insert(northside, rows)
        summarise(northside, BERLIN)
        for resolution, number in (("1h", 365 * 24), ("1d", 365)):
            found, before = [], None
            with transaction.atomic():
                already = rows_read()
                while page := buckets(northside, resolution, before=before):
                    found += page
                    before = page[-1].starts_at
                read = rows_read() - already
            assert len(found) == number
            assert found == reckoned(rows, resolution, BERLIN)
            # A look for the newest one of each page, and nothing else.
            assert read <= 20
        # One late reading: its day is read anew, the others are not.
        store(northside, [row(northside, begin + timedelta(days=100, minutes=1), 399)])
        with transaction.atomic():
            already = rows_read()
            assert max(found.maximum or 0 for found in buckets(northside, "1d")) == 399
            assert rows_read() - already < 100


def insert(clinic: Clinic, rows: list[ReadingRow]) -> None:
    """As the store would, without what it does beside, for many rows."""
    place = [clinic.organization.id, clinic.patients[0].id, clinic.devices[0].id]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO readings_glucosereading (organization_id, patient_id, device_id, measured_at, glucose, unit, "
            "range_flag, is_copy, received_at) SELECT %s, %s, %s, at, glucose, 1, 0, false, at "
            "FROM unnest(%s::timestamptz[], %s::smallint[]) AS row (at, glucose)",
            [*place, [reading.measured_at for reading in rows], [reading.glucose for reading in rows]],
        )
