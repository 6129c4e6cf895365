"""The two clinics of the demo. Every person here is invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from simulator.traces import Profile


@dataclass(frozen=True, slots=True)
class DemoPatient:
    code: str
    first_name: str
    last_name: str
    birth_date: date
    profile: Profile
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DemoDevice:
    """``has_history`` False: only the live feed posts with it; ``is_live`` False: the feed never does."""

    code: str
    patient: str
    details: dict[str, Any]
    battery_level: int
    has_history: bool
    is_live: bool


@dataclass(frozen=True, slots=True)
class DemoPerson:
    role: str
    name: str
    patient: str | None = None


@dataclass(frozen=True, slots=True)
class DemoClinic:
    code: str
    name: str
    timezone: str
    glucose_unit: str
    people: tuple[DemoPerson, ...]
    patients: tuple[DemoPatient, ...]
    devices: tuple[DemoDevice, ...]
    has_public_key: bool = False

    def email(self, person: DemoPerson) -> str:
        return f"{person.role}@{self.code}.example"

    def patient(self, code: str) -> DemoPatient:
        return next(patient for patient in self.patients if patient.code == code)


def _patient(
    code: str,
    name: str,
    birth_date: date,
    body: tuple[str, str, str, str],
    profile: Profile,
) -> DemoPatient:
    gender, bmi, skin_tone, hba1c = body
    first_name, _, last_name = name.partition(" ")
    details = {
        "gender": gender,
        "bmi": Decimal(bmi),
        "skin_tone": skin_tone,
        "hba1c": Decimal(hba1c),
    }
    return DemoPatient(code, first_name, last_name, birth_date, profile, details)


def _device(
    code: str,
    patient: str,
    hardware: tuple[str, str, date, date] | None = None,
    *,
    status: str = "active",
    battery_level: int = 88,
    has_history: bool = True,
    is_live: bool = True,
) -> DemoDevice:
    details: dict[str, Any] = {"status": status, "serial_number": f"ARG2024-{code.removeprefix('ARGUS_')}"}
    if hardware:
        names = ("firmware_version", "hardware_revision", "manufactured_on", "calibrated_on")
        details.update(zip(names, hardware, strict=True))
    return DemoDevice(code, patient, details, battery_level, has_history, is_live)


NORTHSIDE = DemoClinic(
    code="northside",
    name="Northside",
    timezone="America/New_York",
    glucose_unit="mg/dL",
    people=(
        DemoPerson("owner", "Olivia North"),
        DemoPerson("clinician", "Dr. Carl Weaver"),
        DemoPerson("nurse", "Nina Brooks"),
        DemoPerson("viewer", "Victor Hale"),
        DemoPerson("patient", "Maria Alvarez", patient="user_5678"),
    ),
    patients=(
        _patient(
            "user_5678",
            "Maria Alvarez",
            date(1979, 6, 14),
            ("female", "24.5", "medium", "7.2"),
            Profile(seed=5678, level=128, meal=50, lows=0.5, utc_offset=-5),
        ),
        _patient(
            "user_9012",
            "Walter Finch",
            date(1957, 3, 2),
            ("male", "28.3", "light", "8.1"),
            Profile(seed=9012, level=148, meal=60, lows=0.2, utc_offset=-5),
        ),
        _patient(
            "user_3456",
            "Amara Okafor",
            date(1995, 9, 21),
            ("female", "22.1", "dark", "9.5"),
            Profile(seed=3456, level=178, meal=75, drift=25, lows=0.7, utc_offset=-5),
        ),
        _patient(
            "user_7890",
            "Daniel Reyes",
            date(1986, 11, 5),
            ("male", "26.7", "medium", "6.8"),
            Profile(seed=7890, level=112, meal=40, drift=8, lows=0.2, utc_offset=-5),
        ),
        _patient(
            "user_1357",
            "Helen Marsh",
            date(1972, 4, 30),
            ("female", "31.2", "light", "10.1"),
            Profile(seed=1357, level=205, meal=95, drift=30, lows=0.1, utc_offset=-5),
        ),
    ),
    devices=(
        # Left alone by the live feed: the README's curl line posts with it, and may do so once in 30 seconds.
        _device(
            "ARGUS_001234",
            "user_5678",
            ("2.1.3", "Rev C", date(2024, 12, 15), date(2025, 1, 1)),
            battery_level=80,
            is_live=False,
        ),
        _device(
            "ARGUS_002468", "user_9012", ("2.1.1", "Rev B", date(2024, 11, 20), date(2024, 12, 15)), battery_level=64
        ),
        _device(
            "ARGUS_003691", "user_3456", ("2.1.3", "Rev C", date(2024, 10, 30), date(2024, 11, 20)), battery_level=77
        ),
        _device(
            "ARGUS_004815", "user_7890", ("2.1.4", "Rev C", date(2024, 12, 28), date(2024, 12, 30)), battery_level=91
        ),
        _device(
            "ARGUS_005927",
            "user_1357",
            ("2.0.8", "Rev A", date(2024, 9, 15), date(2024, 10, 5)),
            battery_level=23,
            status="needs_attention",
        ),
        _device("ARGUS_005678", "user_5678", has_history=False),
    ),
    has_public_key=True,
)

SOUTHSIDE = DemoClinic(
    code="southside",
    name="Southside",
    timezone="Europe/Berlin",
    glucose_unit="mmol/L",
    people=(
        DemoPerson("owner", "Otto Suder"),
        DemoPerson("clinician", "Dr. Clara Winter"),
        DemoPerson("nurse", "Nora Lindt"),
        DemoPerson("viewer", "Vera Sommer"),
    ),
    # The first codes are Northside's too, for other people and devices: codes mean something inside a clinic only.
    patients=(
        _patient(
            "user_5678",
            "Jonas Keller",
            date(1991, 2, 11),
            ("male", "23.8", "light", "7.0"),
            Profile(seed=15678, level=120, meal=48, lows=0.4, utc_offset=1),
        ),
        _patient(
            "user_9012",
            "Leyla Demir",
            date(1968, 8, 27),
            ("female", "27.4", "medium", "8.6"),
            Profile(seed=19012, level=160, meal=70, drift=20, lows=0.2, utc_offset=1),
        ),
        _patient(
            "user_2468",
            "Frieda Haas",
            date(1949, 12, 3),
            ("female", "25.0", "light", "7.7"),
            Profile(seed=12468, level=140, meal=55, lows=0.1, utc_offset=1),
        ),
        _patient(
            "user_8642",
            "Milan Novak",
            date(2004, 5, 19),
            ("male", "21.6", "light", "8.9"),
            Profile(seed=18642, level=165, meal=85, drift=28, lows=0.8, utc_offset=1),
        ),
    ),
    devices=(
        _device("ARGUS_001234", "user_5678", is_live=False),
        _device("ARGUS_002468", "user_9012", battery_level=71),
        _device("ARGUS_007001", "user_2468", battery_level=55),
        _device("ARGUS_007002", "user_8642", battery_level=94),
    ),
)

DEMO_CLINICS = {clinic.code: clinic for clinic in (NORTHSIDE, SOUTHSIDE)}
