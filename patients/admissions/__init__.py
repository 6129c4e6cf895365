"""Stays of patients in the house: the one door to them."""

from patients.admissions.services import ADMISSION, admit_patient, change_admission, room_of

__all__ = ["ADMISSION", "admit_patient", "change_admission", "room_of"]
