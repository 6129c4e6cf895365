from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY, generate_latest

from dexcom_sync import metrics
from dexcom_sync.client import RateLimited, ServerTrouble
from dexcom_sync.records import parse_egv
from dexcom_sync.tests.records.raw import CONTEXT, egv
from tenancy.redis import limits_client


@pytest.fixture(autouse=True)
def nothing_told() -> Iterator[None]:
    metrics.flush()
    limits_client().delete(metrics.COUNTS, metrics.GAUGES)
    yield
    metrics.flush()
    limits_client().delete(metrics.COUNTS, metrics.GAUGES)


def scraped() -> str:
    return generate_latest(REGISTRY).decode()


def test_what_workers_counted_is_scraped_elsewhere() -> None:
    metrics.count("permits", "host", "hot", by=2)
    metrics.count("permits", "host", "hot")
    metrics.flush()
    # Another process knows only what Valkey holds.
    assert limits_client().hlen(metrics.COUNTS) == 1

    assert 'glucose_dexcom_permits_total{host="host",lane="hot"} 3.0' in scraped()


def test_records_are_counted_with_what_was_odd_and_no_value_is_told() -> None:
    odd = egv(recordId=None, value="118", trend="tripleUp")
    metrics.note_records("egvs", [parse_egv(raw, CONTEXT) for raw in (egv(), odd, egv(unit="unknown"), 7)])
    text = scraped()

    assert 'glucose_dexcom_records_total{resource="egvs"} 4.0' in text
    assert 'glucose_dexcom_unknown_words_total{member="trend",resource="egvs"} 1.0' in text
    assert 'glucose_dexcom_flags_total{flag="id_derived",resource="egvs"} 1.0' in text
    assert 'glucose_dexcom_leniencies_total{leniency="number_from_text",resource="egvs"} 1.0' in text
    assert 'glucose_dexcom_quarantined_total{reason="unit_unknown",resource="egvs"} 1.0' in text
    assert "tripleUp" not in text


def test_lateness_is_a_histogram() -> None:
    now = datetime.now(UTC)
    metrics.note_lateness("egvs", [now - timedelta(hours=late) for late in (1, 3, 3, 24 * 60)], now)
    text = scraped()

    for bound, number in (("3600.0", 1), ("7200.0", 1), ("10800.0", 3), ("2592000.0", 3), ("+Inf", 4)):
        assert f'glucose_dexcom_lateness_seconds_bucket{{le="{bound}",resource="egvs"}} {number}.0' in text
    assert 'glucose_dexcom_lateness_seconds_count{resource="egvs"} 4.0' in text


def test_calls_are_counted_by_their_end() -> None:
    notice = metrics.exchange_counter("host")
    notice("egvs", ServerTrouble(code="ReadError"))
    notice("token", RateLimited(retry_after=None))
    text = scraped()

    assert 'glucose_dexcom_calls_total{endpoint="egvs",host="host",status="ReadError"} 1.0' in text
    assert 'glucose_dexcom_calls_total{endpoint="token",host="host",status="RateLimited"} 1.0' in text


def test_a_gauge_that_nobody_tells_any_more_is_not_shown() -> None:
    metrics.tell("connections", 7, "active")
    assert 'glucose_dexcom_connections{state="active"} 7.0' in scraped()

    field = metrics._BETWEEN.join(("connections", "active"))
    limits_client().hset(metrics.GAUGES, field, "7 0")
    assert "glucose_dexcom_connections{" not in scraped()


def test_labels_that_are_missing_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="labels"):
        metrics.count("permits", "host")
    with pytest.raises(ValueError, match="labels"):
        metrics.tell("connections", 1)


@pytest.mark.parametrize("name", [*metrics._COUNTERS, *metrics._GAUGES])
def test_every_metric_says_what_it_is(name: str) -> None:
    described = {**metrics._COUNTERS, **metrics._GAUGES}[name]

    assert described.name.startswith("glucose_dexcom_")
    assert f"# HELP {described.name}" in scraped()
