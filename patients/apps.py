from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "patients"

    def ready(self) -> None:
        from accounts.linked_patients import register_patient_directory
        from patients.directory import ClinicPatients

        register_patient_directory(ClinicPatients())
