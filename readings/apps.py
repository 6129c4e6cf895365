from django.apps import AppConfig


class ReadingsConfig(AppConfig):
    name = "readings"

    def ready(self) -> None:
        from devices.services import register_readings_question
        from readings.services import has_measured_since

        register_readings_question(has_measured_since)
