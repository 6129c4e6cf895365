from dexcom_sync.models.connection import Connection, ConnectRequest, Region, Token
from dexcom_sync.models.equipment import DeviceSettings, Source
from dexcom_sync.models.pages import QuarantinedRecord, RawPage
from dexcom_sync.models.progress import Progress, Resource
from dexcom_sync.models.records import Alert, Calibration, Egv, Event, FormerRecord, OffsetSource

__all__ = [
    "Alert",
    "Calibration",
    "ConnectRequest",
    "Connection",
    "DeviceSettings",
    "Egv",
    "Event",
    "FormerRecord",
    "OffsetSource",
    "Progress",
    "QuarantinedRecord",
    "RawPage",
    "Region",
    "Resource",
    "Source",
    "Token",
]
