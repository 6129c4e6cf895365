import os

from django.apps import AppConfig


class GlucosePlatformConfig(AppConfig):
    name = "glucose_platform"

    def ready(self) -> None:
        from glucose_platform import celery, checks, sentry  # noqa: F401  where tasks are sent to; registers the check
        from tenancy import tracing

        sentry.begin()
        tracing.begin(os.environ.get("GLUCOSE_PROCESS", "command"))
