"""Rows in every table that has none after a clinic is made, for tests about who sees what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.clinic_admissions import add_admission_rows
from tests.clinic_alarms import add_alarm_rows
from tests.clinic_commands import add_command_rows
from tests.clinic_dexcom import add_dexcom_rows
from tests.clinic_fleet import add_fleet_rows
from tests.clinic_imports import add_import_rows
from tests.clinic_plans import add_plan_rows
from tests.clinic_reports import add_report_rows
from tests.clinic_vitals import add_vital_rows
from tests.clinic_worklist import add_worklist_rows

if TYPE_CHECKING:
    from tests.clinics import Clinic


def add_rows_everywhere(clinic: Clinic, *, canaries: tuple[str, str]) -> None:
    """In the clinic's scope and a transaction. ``canaries``: of the first patient's rows, and of the second's."""
    for add_rows in (
        *(add_admission_rows, add_alarm_rows, add_dexcom_rows, add_fleet_rows, add_import_rows, add_report_rows),
        *(add_command_rows, add_plan_rows, add_vital_rows, add_worklist_rows),
    ):
        add_rows(clinic, canaries=canaries)
