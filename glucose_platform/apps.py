from django.apps import AppConfig


class GlucosePlatformConfig(AppConfig):
    name = "glucose_platform"

    def ready(self) -> None:
        from glucose_platform import celery, checks  # noqa: F401  where tasks are sent to; registers the check
