from django.apps import AppConfig


class GlucosePlatformConfig(AppConfig):
    name = "glucose_platform"

    def ready(self) -> None:
        from glucose_platform import checks  # noqa: F401  registers the check
