from django.apps import AppConfig


class DexcomSyncConfig(AppConfig):
    name = "dexcom_sync"
    verbose_name = "Dexcom"
