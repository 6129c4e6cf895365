from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analytics.__main__ import main
from analytics.csv_file import FileRefused, read_traces
from analytics.table import ROWS
from analytics.tests.made import UTC_ZONE
from analytics.trace import HOUR, MINUTE
from analytics.units import MG_DL_PER_MMOL_L

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "readings.csv"


def two_people(separator: str = ",") -> str:
    lines = ["subject,time,glucose"]
    for minute in range(0, 60, 5):
        lines.append(f"Ada,2026-03-02 14:{minute:02},{100 + minute}")
        lines.append(f"Bob,2026-03-02 14:{minute:02},{250 + minute}")
    return "\n".join(lines).replace(",", separator)


def test_a_table_of_every_metric_is_printed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(two_people())
    assert main([str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Ada", "Bob"]
    assert len(lines) == len(ROWS) + 1
    assert [line.split() for line in lines if line.startswith(("Mean", "In range", "GRI zone"))] == [
        ["Mean", "mg/dL", "127.5", "277.5"],
        ["In", "range", "%", "100.00", "0.00"],
        ["GRI", "zone", "A", "E"],
    ]


def test_json_has_all_results_and_no_nan(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(two_people())
    assert main([str(file), "--json", "--preset", "pregnancy", "--zone", "Europe/Berlin"]) == 0
    answer = json.loads(capsys.readouterr().out)
    ada = answer["subjects"]["Ada"]
    assert (answer["unit"], ada["zone"], ada["preset"]) == ("mg/dL", "Europe/Berlin", "pregnancy")
    assert (ada["times"]["in_range"], ada["times"]["high"]) == (9, 3)
    assert [hour["count"] for hour in ada["agp"]["hours"]] == [12 if hour == 14 else 0 for hour in range(24)]
    assert ada["agp"]["smoothed"][0] == [None] * 5
    assert [day["day"] for day in ada["days"]] == ["2026-03-02"]
    assert ada["goals"]["limits"]["very_high"] is None


def test_mmol_stay_mmol(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(
        "Zeitpunkt;time;Glucose (mmol/L)\na;2026-03-02 14:00;10,0\nb;2026-03-02 14:05;13,9\nc;2026-03-02 14:10;Low\n"
    )
    traces, unit = read_traces(file, UTC_ZONE)
    assert unit == "mmol/L"
    assert traces[""].glucose.tolist() == pytest.approx(
        [10 * MG_DL_PER_MMOL_L, 13.9 * MG_DL_PER_MMOL_L, 2.2 * MG_DL_PER_MMOL_L]
    )
    assert traces[""].beyond.tolist() == [0, 0, -1]
    assert main([str(file)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["Median", "mmol/L", "10.00"] in rows
    assert ["In", "range", "%", "33.33"] in rows


def test_a_unit_that_the_header_leaves_open_is_asked_for(file: Path) -> None:
    file.write_text("time,glucose\n2026-03-02 14:00,5.5\n2026-03-02 14:05,High\n")
    with pytest.raises(FileRefused, match="--unit mmol/L"):
        read_traces(file, UTC_ZONE)
    traces, unit = read_traces(file, UTC_ZONE, "mmol/L")
    assert unit == "mmol/L"
    assert traces[""].beyond.tolist() == [0, 1]
    file.write_text("time,glucose mg/dl\n2026-03-02 14:00,100\n")
    with pytest.raises(FileRefused, match="header says mg/dL"):
        read_traces(file, UTC_ZONE, "mmol/L")


def test_times_are_those_of_the_zones_clock(file: Path) -> None:
    """On 2026-10-25 Berlin has the hour from 2 to 3 twice; the file runs through it twice."""
    clock = ("01:30", "02:00", "02:30", "02:00", "02:30", "03:00")
    file.write_text("time,glucose\n" + "\n".join(f"2026-10-25 {time},100" for time in clock))
    traces, _ = read_traces(file, BERLIN)
    assert [step / MINUTE for step in traces[""].instants - traces[""].instants[0]] == [0, 30, 60, 90, 120, 150]
    file.write_text("time,glucose\n2026-10-25T02:00:00+02:00,100\n2026-10-25T02:00:00+01:00,100\n")
    traces, _ = read_traces(file, BERLIN)
    assert (traces[""].instants[1] - traces[""].instants[0]) == HOUR


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no column of times: it is empty"),
        ("when,glucose\n", "names no column of times: when, glucose"),
        ("time,sugar\n", "names no column of glucose values"),
        ("time,glucose\n2026-03-02 14:00,plenty\n", "Line 2 is refused: 'plenty' is no glucose value"),
        ("time,glucose\n2026-03-02 14:00,-3\n", "Line 2 is refused: '-3' is no glucose value"),
        ("time,glucose\n\n03/02/2026 14:00,100\n", "Line 3 is refused: '03/02/2026 14:00' is no time such as"),
        ("glucose,time\n100\n", "Line 2 is refused: it has too few cells"),
        ("time,glucose\n2026-03-29 02:30,100\n", "'2026-03-29 02:30' does not exist in Europe/Berlin"),
        ("time,glucose\n2026-03-02 14:00,\n", "holds no reading"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(
    file: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    file.write_text(text)
    assert main([str(file), "--zone", "Europe/Berlin"]) == 1
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


def test_files_that_are_no_text_are_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(file)]) == 1
    assert "cannot be read" in capsys.readouterr().err
    file.write_bytes(b"time,glucose\n\xff\xfe\n")
    assert main([str(file)]) == 1
    assert "not UTF-8" in capsys.readouterr().err


def test_a_command_that_is_not_understood_ends_with_2(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        [],
        [str(file), "--zone", "Atlantis"],
        [str(file), "--preset", "cat"],
        [str(file), "--unit", "%"],
    ):
        with pytest.raises(SystemExit) as ending:
            main(arguments)
        assert ending.value.code == 2
    assert "there is no time zone 'Atlantis'" in capsys.readouterr().err


def test_it_runs_as_a_module(file: Path) -> None:
    file.write_text(two_people(";"))
    project = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, "-m", "analytics", str(file)], cwd=project, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "MAGE" in ran.stdout
    assert (
        "docs/analytics.md"
        in subprocess.run(
            [sys.executable, "-m", "analytics", "--help"], cwd=project, capture_output=True, text=True, check=True
        ).stdout
    )
