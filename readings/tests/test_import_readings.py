from __future__ import annotations

import csv
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.models import Assignment, Device
from patients.models import Patient
from patients.services import change_patient
from readings.models import GlucoseReading, PatientState, RangeFlag, Unit
from readings.tests.files import CLARITY, libre, libre_row
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic
from tests.commands import Result, run_command

pytestmark = pytest.mark.django_db

REAL_FILE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "iglu_example_5.csv"
REAL_COUNTS = {"Subject_1": 2915, "Subject_2": 2829, "Subject_3": 1533, "Subject_4": 3664, "Subject_5": 2925}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "readings.csv"


def import_file(file: Path, *arguments: str, whose: tuple[str, ...] = ("--patient-column", "subject")) -> Result:
    return run_command("import_readings", "--organization", "northside", *whose, *arguments, str(file))


def stored(clinic: Clinic) -> dict[str, int]:
    with clinic.scope():
        patients = dict(Patient.objects.values_list("id", "code"))
        counts: dict[str, int] = {}
        for patient_id in GlucoseReading.objects.values_list("patient_id", flat=True):
            counts[patients[patient_id]] = counts.get(patients[patient_id], 0) + 1
    return counts


def many_rows(subject: str, count: int) -> str:
    first = datetime(2020, 5, 1, tzinfo=UTC)
    return "".join(
        f"{subject},{first + timedelta(minutes=5 * index):%Y-%m-%d %H:%M:%S},{80 + index % 100}\n"
        for index in range(count)
    )


@pytest.mark.slow
@pytest.mark.skipif(not REAL_FILE.is_file(), reason="the published example file is not beside this project")
def test_the_published_example_is_imported_once_however_often_it_is_given(northside: Clinic, southside: Clinic):
    first = import_file(REAL_FILE, "--create-patients")
    assert (first.error, stored(northside)) == ("", REAL_COUNTS)
    assert "13,866" in first.out

    second = import_file(REAL_FILE)
    assert (second.error, stored(northside)) == ("", REAL_COUNTS)
    assert sum(REAL_COUNTS.values()) == 13_866
    assert stored(southside) == {}


def test_a_file_of_several_pieces_is_imported_once(northside: Clinic, southside: Clinic, file: Path):
    file.write_text("subject,time,glucose\n" + many_rows("user_5678", 1500) + many_rows("user 9012", 700))

    first = import_file(file)
    second = import_file(file)

    assert (first.error, second.error) == ("", "")
    assert stored(northside) == {"user_5678": 1500, "user_9012": 700}
    assert stored(southside) == {}
    assert [cell.strip() for cell in row_of(first, "Total")[1:3]] == ["2,200", "0"]
    assert [cell.strip() for cell in row_of(second, "Total")[1:3]] == ["0", "2,200"]


def row_of(result: Result, name: str) -> list[str]:
    (line,) = [line for line in result.out.splitlines() if name in line]
    return line.strip("│").split("│")


def test_readings_belong_to_a_source_of_their_own_from_the_beginning_of_time(northside: Clinic, file: Path):
    file.write_text("time,mmol/L\n1999-12-31 23:00,8.5\n2020-01-01 10:00,Low\n")

    assert import_file(file, whose=("--patient", "user_5678")).error == ""

    with northside.scope():
        source = Device.objects.get(code="IMPORT-user_5678")
        assignment = Assignment.objects.get(device=source)
        old, low = GlucoseReading.objects.filter(device=source).oldest_first()
        newest = PatientState.objects.get(patient=northside.patients[0])
    assert (source.kind, source.last_seen_at) == (Device.Kind.IMPORT, None)
    assert (assignment.patient_id, assignment.starts_at) == (northside.patients[0].id, datetime(1970, 1, 1, tzinfo=UTC))
    assert (old.glucose, old.unit, old.measured_at) == (153, Unit.MMOL_L, datetime(1999, 12, 31, 23, tzinfo=UTC))
    assert (low.glucose, low.range_flag) == (39, RangeFlag.LOW)
    assert newest.measured_at == datetime(2020, 1, 1, 10, tzinfo=UTC)


def test_bad_rows_are_told_and_the_good_ones_are_stored(northside: Clinic, file: Path, tmp_path: Path):
    tomorrow = datetime.now(tz=UTC) + timedelta(days=1)
    file.write_text(
        "subject,time,glucose\n"
        "user_5678,2020-05-01 10:00,100\n"
        "user_5678,2020-05-01 10:05,abc\n"
        f"user_5678,{tomorrow:%Y-%m-%d %H:%M},100\n"
        "user_5678,1969-05-01 10:05,100\n"
        "user_5678,2020-05-01 10:10,101\n"
    )
    errors = tmp_path / "errors.csv"

    result = import_file(file, "--errors", str(errors))

    assert stored(northside) == {"user_5678": 2}
    assert "3 rows were refused; the others are stored." in result.error
    told = result.err.splitlines()
    assert told[0] == "Line 3: 'abc' is not a glucose value."
    assert "Line 4" in told[1]
    assert "lies in the future" in told[1]
    assert told[2] == "Line 5: the year 1969 cannot be right."
    with errors.open() as written:
        assert [row["line"] for row in csv.DictReader(written)] == ["3", "4", "5"]
    assert stat.S_IMODE(errors.stat().st_mode) == 0o600


def test_only_the_first_hundred_bad_rows_fill_the_screen(northside: Clinic, file: Path, tmp_path: Path):
    file.write_text("subject,time,glucose\n" + "user_5678,never,1\n" * 250)
    errors = tmp_path / "errors.csv"

    result = import_file(file, "--errors", str(errors))

    assert len(result.err.splitlines()) == 101
    assert "… and 150 more." in result.err
    assert len(errors.read_text().splitlines()) == 251


@pytest.mark.parametrize("rows", [3, 1200])
def test_a_dry_run_tells_what_would_happen_and_stores_nothing(northside: Clinic, file: Path, rows: int):
    file.write_text("subject,time,glucose\n" + many_rows("user_5678", rows) + many_rows("new", 2) + "new,x,1\n")

    result = import_file(file, "--dry-run", "--create-patients")

    assert [cell.strip() for cell in row_of(result, "Total")[1:3]] == [f"{rows + 2:,}", "0"]
    assert "nothing was stored" in result.out
    assert "1 rows were refused; the others would be stored." in result.error
    assert stored(northside) == {}
    with northside.scope():
        assert not Device.objects.filter(kind=Device.Kind.IMPORT).exists()
        assert not Patient.objects.filter(code="new").exists()


def test_unknown_patients_are_named_before_anything_is_stored(northside: Clinic, southside: Clinic, file: Path):
    file.write_text("subject,time,glucose\nuser_5678,2020-05-01 10:00,100\nSubject 7,2020-05-01 10:00,100\n")

    result = import_file(file)

    assert "no patient Subject_7. Nothing was stored." in result.error
    assert "--create-patients" in result.error
    assert stored(northside) == {}


def test_patients_can_be_made_in_the_clinics_time_zone(northside: Clinic, file: Path):
    file.write_text("subject,time,glucose\nSubject 7,2020-05-01 10:00,100\n")

    assert import_file(file, "--create-patients", "--timezone", "America/New_York").error == ""

    with northside.scope():
        patient = Patient.objects.get(code="Subject_7")
        reading = GlucoseReading.objects.get()
    assert patient.timezone == "America/New_York"
    assert reading.measured_at == datetime(2020, 5, 1, 14, tzinfo=UTC)


def test_times_are_the_patients_own_unless_told_otherwise(northside: Clinic, file: Path):
    with northside.scope(), audited_elsewhere("the test makes it by hand"):
        Patient.objects.filter(pk=northside.patients[0].pk).update(timezone="Asia/Tokyo")
    file.write_text("subject,time,glucose\nuser_5678,2020-05-01 10:00,100\nuser_9012,2020-05-01 10:00,100\n")

    import_file(file)

    with northside.scope():
        times = dict(GlucoseReading.objects.values_list("patient_id", "measured_at"))
    assert times[northside.patients[0].pk] == datetime(2020, 5, 1, 1, tzinfo=UTC)
    assert times[northside.patients[1].pk] == datetime(2020, 5, 1, 10, tzinfo=UTC)


def test_a_very_long_code_still_has_a_source(northside: Clinic, file: Path):
    code = "x" * 50
    file.write_text(f"subject,time,glucose\n{code},2020-05-01 10:00,100\n")

    assert import_file(file, "--create-patients").error == ""
    assert import_file(file).error == ""
    assert stored(northside) == {code: 1}


def test_a_device_that_only_looks_like_the_source_is_left_alone(northside: Clinic, file: Path):
    with northside.scope():
        other = Device.objects.create(code="IMPORT-user_5678")
    file.write_text("time,glucose\n2020-05-01 10:00,100\n")

    assert import_file(file, whose=("--patient", "user_5678")).error == ""

    assert stored(northside) == {"user_5678": 1}
    with northside.scope():
        assert not other.assignments.exists()


def test_a_patient_who_was_renamed_keeps_the_source_of_imports(northside: Clinic, file: Path):
    file.write_text("time,glucose\n2020-05-01 10:00,100\n")
    import_file(file, whose=("--patient", "user_5678"))
    with northside.scope():
        change_patient(patient=northside.patients[0], changes={"code": "renamed"})

    import_file(file, whose=("--patient", "renamed"))

    assert stored(northside) == {"renamed": 1}


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        ("time,glucose\n", (), "'subject' stands not in the header"),
        ("subject,time,glucose\n", ("--timezone", "Berlin"), "Berlin is not a time zone"),
        ("subject,time,glucose\n", ("--unit", "g/L"), "invalid choice: 'g/L'"),
        ("subject,time,glucose\n", ("--errors", "no/such/place.csv"), "no/such/place.csv cannot be written"),
        ("subject,time,glucose\n", ("--patient", "user_5678"), "not allowed with argument"),
    ],
)
def test_what_is_wrong_with_the_file_or_the_options_is_said(
    northside: Clinic, file: Path, content: str, arguments: tuple[str, ...], sentence: str
):
    file.write_text(content)

    assert sentence in import_file(file, *arguments).error


def test_a_file_with_only_a_header_is_no_error(northside: Clinic, file: Path):
    file.write_text("subject,time,glucose\n")

    result = import_file(file)

    assert result.error == ""
    assert [cell.strip() for cell in row_of(result, "Total")[1:3]] == ["0", "0"]


def test_files_of_clarity_and_libreview_are_recognised(northside: Clinic, file: Path):
    file.write_text(CLARITY)
    clarity = import_file(file, whose=("--patient", "user_5678"))
    assert "2 rows were refused" in clarity.error
    assert "No sensor readings, so left out: 11 information on the patient and devices" in clarity.out

    file.write_text(libre(libre_row("03-04-2026 10:00", 0, "100")))
    asked = import_file(file, whose=("--patient", "user_5678"))
    assert "--date-order day-first (Day first: 3 April 2026 to 3 April 2026)" in asked.error
    assert stored(northside) == {"user_5678": 4}

    assert import_file(file, "--date-order", "day-first", whose=("--patient", "user_5678")).error == ""
    assert stored(northside) == {"user_5678": 5}
