"""What needs no server: which hosts may be loaded, what a plan says, which figures a sample gives, what readers see."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command

from simulator.loadtest.hosts import RefusedHostError, refuse_strangers
from simulator.loadtest.picture import draw
from simulator.loadtest.plan import PlanError, read_plan
from simulator.loadtest.rate import Step
from simulator.loadtest.record import Record, spoken
from simulator.loadtest.sample import Sample


@pytest.mark.parametrize(
    "url",
    [
        "http://clinic.example",
        "https://10.0.0.1:8000",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
    ],
)
def test_other_hosts_are_refused_unless_they_are_named(url: str) -> None:
    with pytest.raises(RefusedHostError, match="--i-may-load"):
        refuse_strangers(url, permitted="")
    with pytest.raises(CommandError, match="--i-may-load"):
        call_command("loadtest", url=url, requests=1)


def test_this_machine_and_the_host_that_is_named_may_be_loaded() -> None:
    for url in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"):
        refuse_strangers(url, permitted="")
    refuse_strangers("https://clinic.example", permitted="clinic.example")
    with pytest.raises(RefusedHostError):
        refuse_strangers("https://other.example", permitted="clinic.example")
    with pytest.raises(RefusedHostError, match="no address"):
        refuse_strangers("ftp://127.0.0.1", permitted="")


def test_a_plan_is_read_and_bounded() -> None:
    plan = read_plan("clinics=3,patients=100,minutes=0.5", speed=10)
    assert (plan.clinics, plan.patients, plan.seconds, plan.interval) == (3, 100, 30, 30)
    assert plan.readings_a_second == 10
    for wrong, speed in [
        ("clinics=0", 1), ("patients=30000", 1), ("minutes=1000", 1), ("patients=2,phones=3", 1), ("shoes=2", 1),
        ("clinics=two", 1), ("", 0.5), ("", 1000),
    ]:  # fmt: skip
        with pytest.raises(PlanError):
            read_plan(wrong, speed=speed)


def test_percentiles_come_with_enough_answers_only() -> None:
    sample = Sample("x", elapsed=2.0)
    for number in range(1, 101):
        sample.answer(200 if number < 100 else 503, number / 1000)
        known = {"p95Ms", "p99Ms"} & sample.figures().keys()
        assert known == ({"p95Ms"} if 20 <= number < 100 else {"p95Ms", "p99Ms"} if number == 100 else set())
    sample.error(TimeoutError())
    figures = sample.figures()
    assert (figures["total"], figures["successful"], figures["failed"]) == (101, 99, 2)
    assert (figures["minMs"], figures["medianMs"], figures["meanMs"], figures["maxMs"]) == (1, 50.5, 50.5, 100)
    assert (figures["p95Ms"], figures["p99Ms"], figures["requestsPerSecond"]) == (95, 99, 50.5)
    assert (figures["statuses"], figures["errors"]) == ({"200": 99, "503": 1}, {"TimeoutError": 1})


def test_readers_notice_foreign_rows_and_wrong_values() -> None:
    record = Record()
    record.posted[2, 1] |= {1_700_000_000_002: 110, 1_700_000_060_002: 120}

    def seen(instant: int, value: int) -> list[str]:
        record.problems.clear()
        item = {"deviceId": "LOAD_00001", "timestamp": spoken(instant), "glucoseValue": value}
        record.look(2, {"items": [item]}, "Staff")
        return list(record.problems)

    assert seen(1_700_000_000_002, 110) == []
    assert seen(1_700_000_000_001, 110) == ["Staff of clinic 2 saw a reading of clinic 1."]
    assert seen(1_700_000_060_002, 110) == ["Staff of clinic 2 read 110 where 120 was posted."]
    assert seen(1_700_000_120_002, 110) == ["Staff of clinic 2 read 110 where None was posted."]
    record.look(2, [{"name": "Load Clinic 2"}, {"patient": {"name": "Clinic 12, Load"}}], "A phone")
    assert list(record.problems)[1:] == ["A phone of clinic 2 saw a patient of clinic 12."]
    assert record.rows_read == 6


def test_the_picture_is_svg_with_every_sample_and_step(tmp_path: Path) -> None:
    sample = Sample("posts <of> devices")
    for number in range(200):
        sample.answer(201, 0.003 + number / 1000)
    steps = [Step(20, 20, 50, 1, True, sample), Step(40, 30, 900, 1, False, sample)]
    file = tmp_path / "picture.svg"
    draw("A & B", [sample, Sample("nothing")], steps, file, limit_ms=180)
    root = ElementTree.fromstring(file.read_text())  # noqa: S314  made here
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "posts <of> devices: 200 answers" in words
    assert {"20/s", "40/s", "P99 200.0 ms"} <= set(words)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 2
