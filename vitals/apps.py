from django.apps import AppConfig


class VitalsConfig(AppConfig):
    name = "vitals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from devices.services import register_readings_question
        from vitals.reading import has_measured_since

        register_readings_question(has_measured_since)
