from django.apps import AppConfig


class ReadingsConfig(AppConfig):
    name = "readings"

    def ready(self) -> None:
        from accounts.plans.usage import register_readings_counter
        from devices.services import register_readings_question
        from patients.services import register_timezone_follower
        from readings.services import has_measured_since
        from readings.summaries import follow_timezone
        from readings.usage import readings_kept

        register_readings_counter(readings_kept)
        register_readings_question(has_measured_since)
        register_timezone_follower(follow_timezone)
