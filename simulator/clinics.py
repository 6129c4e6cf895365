"""The two clinics of the demo. Every person here is invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from simulator.physiology import Kind, Person
from simulator.traces import Wearer


@dataclass(frozen=True, slots=True)
class DemoPatient:
    code: str
    first_name: str
    last_name: str
    birth_date: date
    person: Person
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

    def wearer(self, code: str) -> Wearer:
        return Wearer(self.patient(code).person, ZoneInfo(self.timezone))


def _patient(
    code: str,
    name: str,
    birth_date: date,
    body: tuple[str, str, str, str],
    person: Person,
) -> DemoPatient:
    gender, bmi, skin_tone, hba1c = body
    first_name, _, last_name = name.partition(" ")
    details = {
        "gender": gender,
        "bmi": Decimal(bmi),
        "skin_tone": skin_tone,
        "hba1c": Decimal(hba1c),
    }
    return DemoPatient(code, first_name, last_name, birth_date, person, details)


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
            Person(5678, burden=0.6),
        ),
        _patient(
            "user_9012",
            "Walter Finch",
            date(1957, 3, 2),
            ("male", "28.3", "light", "8.1"),
            Person(9012, Kind.TYPE_2, 0.8, 1.0, 1.2),
        ),
        _patient(
            "user_3456",
            "Amara Okafor",
            date(1995, 9, 21),
            ("female", "22.1", "dark", "9.5"),
            Person(3456, burden=1.9, eats=1.1, level=1.5),
        ),
        _patient(
            "user_7890",
            "Daniel Reyes",
            date(1986, 11, 5),
            ("male", "26.7", "medium", "6.8"),
            Person(7890, burden=0.4, eats=0.8),
        ),
        _patient(
            "user_1357",
            "Helen Marsh",
            date(1972, 4, 30),
            ("female", "31.2", "light", "10.1"),
            Person(1357, Kind.TYPE_2, 1.2, 1.4, 1.7),
        ),
        _patient(
            "user_2201",
            "Grace Sullivan",
            date(1998, 7, 9),
            ("female", "23.0", "light", "6.6"),
            Person(2201, burden=0.5),
        ),
        _patient(
            "user_2202",
            "Marcus Bell",
            date(1983, 1, 23),
            ("male", "27.8", "dark", "8.4"),
            Person(2202, burden=1.3, level=1.5),
        ),
        _patient(
            "user_2203",
            "Ines Duarte",
            date(1990, 10, 17),
            ("female", "21.9", "medium", "7.4"),
            Person(2203, burden=1.0),
        ),
        _patient(
            "user_2204",
            "Harold Pike",
            date(1951, 5, 28),
            ("male", "29.6", "light", "7.2"),
            Person(2204, Kind.TYPE_2, 0.6, 0.9),
        ),
        _patient(
            "user_2205",
            "Yara Haddad",
            date(1976, 12, 2),
            ("female", "33.4", "medium", "8.8"),
            Person(2205, Kind.TYPE_2, 0.9, 1.25, 1.25),
        ),
        _patient(
            "user_2206",
            "Owen Clarke",
            date(2006, 8, 14),
            ("male", "22.4", "light", "9.1"),
            Person(2206, burden=2.1, eats=1.2, level=1.3),
        ),
        _patient(
            "user_2207",
            "Ruth Feldman",
            date(1994, 3, 6),
            ("female", "22.8", "light", "5.2"),
            Person(2207, Kind.HEALTHY, 0.4, 0.8),
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
        _device("ARGUS_010001", "user_2201", battery_level=96),
        _device("ARGUS_010002", "user_2202", battery_level=41),
        _device("ARGUS_010003", "user_2203", battery_level=83),
        _device("ARGUS_010004", "user_2204", battery_level=69),
        _device("ARGUS_010005", "user_2205", battery_level=58),
        _device("ARGUS_010006", "user_2206", battery_level=17),
        _device("ARGUS_010007", "user_2207", battery_level=90),
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
            Person(15678, burden=0.6),
        ),
        _patient(
            "user_9012",
            "Leyla Demir",
            date(1968, 8, 27),
            ("female", "27.4", "medium", "8.6"),
            Person(19012, Kind.TYPE_2, 1.0, 1.2, 1.6),
        ),
        _patient(
            "user_2468",
            "Frieda Haas",
            date(1949, 12, 3),
            ("female", "25.0", "light", "7.7"),
            Person(12468, Kind.TYPE_2, 0.5, 0.8),
        ),
        _patient(
            "user_8642",
            "Milan Novak",
            date(2004, 5, 19),
            ("male", "21.6", "light", "8.9"),
            Person(18642, burden=2.2, eats=1.1, level=1.3),
        ),
        _patient(
            "user_3301",
            "Anja Roth",
            date(1987, 6, 21),
            ("female", "24.1", "light", "7.3"),
            Person(3301, burden=0.9),
        ),
        _patient(
            "user_3302",
            "Tobias Brandt",
            date(1979, 9, 30),
            ("male", "26.2", "light", "8.0"),
            Person(3302, burden=1.4, level=1.2),
        ),
        _patient(
            "user_3303",
            "Selin Aydin",
            date(2001, 4, 11),
            ("female", "20.7", "medium", "7.0"),
            Person(3303, burden=0.35, eats=0.8),
        ),
        _patient(
            "user_3304",
            "Karl Baumann",
            date(1944, 11, 19),
            ("male", "28.9", "light", "7.5"),
            Person(3304, Kind.TYPE_2, 0.7, 1.0),
        ),
        _patient(
            "user_3305",
            "Magda Wolff",
            date(1963, 1, 8),
            ("female", "31.0", "light", "7.2"),
            Person(3305, Kind.TYPE_2, 0.5, 0.85),
        ),
        _patient(
            "user_3306",
            "Luca Moretti",
            date(2008, 2, 25),
            ("male", "21.3", "medium", "9.4"),
            Person(3306, burden=2.3, eats=1.15, level=1.4),
        ),
        _patient(
            "user_3307",
            "Amina Diallo",
            date(1992, 7, 3),
            ("female", "23.5", "dark", "7.7"),
            Person(3307, burden=1.1),
        ),
        _patient(
            "user_3308",
            "Paul Richter",
            date(1985, 10, 27),
            ("male", "23.9", "light", "5.3"),
            Person(3308, Kind.HEALTHY, 0.4, 0.8),
        ),
    ),
    devices=(
        _device("ARGUS_001234", "user_5678", is_live=False),
        _device("ARGUS_002468", "user_9012", battery_level=71),
        _device("ARGUS_007001", "user_2468", battery_level=55),
        _device("ARGUS_007002", "user_8642", battery_level=94),
        _device("ARGUS_007003", "user_3301", battery_level=88),
        _device("ARGUS_007004", "user_3302", battery_level=52),
        _device("ARGUS_007005", "user_3303", battery_level=97),
        _device("ARGUS_007006", "user_3304", battery_level=63),
        _device("ARGUS_007007", "user_3305", battery_level=79),
        _device("ARGUS_007008", "user_3306", battery_level=34),
        _device("ARGUS_007009", "user_3307", battery_level=71),
        _device("ARGUS_007010", "user_3308", battery_level=86),
    ),
)

DEMO_CLINICS = {clinic.code: clinic for clinic in (NORTHSIDE, SOUTHSIDE)}
