from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "patients"

    def ready(self) -> None:
        from accounts.linked_patients import register_patient_directory
        from audit.patients import register_patient_codes
        from patients.directory import ClinicPatients
        from patients.shredding import LedgerOfKeys, shred_patient
        from tenancy.encryption.journal import register_journal
        from tenancy.encryption.shredding import register_shredder

        register_patient_directory(ClinicPatients())
        register_patient_codes(ClinicPatients())
        register_shredder(shred_patient)
        register_journal(LedgerOfKeys())
