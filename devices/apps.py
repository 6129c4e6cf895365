from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "devices"

    def ready(self) -> None:
        from accounts.plans.usage import register_devices_counter
        from devices.services import devices_in_use

        register_devices_counter(devices_in_use)
