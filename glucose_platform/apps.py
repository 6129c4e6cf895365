from django.apps import AppConfig


class GlucosePlatformConfig(AppConfig):
    name = "glucose_platform"
