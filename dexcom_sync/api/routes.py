from __future__ import annotations

from dexcom_sync.api.connections import CONNECTION, ConnectionViewSet
from dexcom_sync.api.consents import AuthorizationUrlView, CallbackView, TokenView
from dexcom_sync.api.records import (
    AlertsView,
    CalibrationsView,
    DataRangeView,
    DevicesView,
    EgvsView,
    EventsView,
    kind_of,
)
from dexcom_sync.api.usage import UsageView
from dexcom_sync.models import Resource
from tenancy.api.routing import PUBLIC, Route

BASE = "api/v1/dexcom"
VIEW, CONNECT, CHANGE, ACCEPT = (f"dexcom_sync.{action}_connection" for action in ("view", "add", "change", "accept"))
RECORDS = [
    ("egvs", EgvsView, Resource.EGVS),
    ("calibrations", CalibrationsView, Resource.CALIBRATIONS),
    ("events", EventsView, Resource.EVENTS),
    ("alerts", AlertsView, Resource.ALERTS),
    ("devices", DevicesView, Resource.DEVICES),
    ("data-range", DataRangeView, "data_range"),
]

ROUTES = [
    Route(
        f"{BASE}/auth/url",
        AuthorizationUrlView,
        "dexcom-auth-url",
        {"GET": CONNECT},
        unaudited="an address of Dexcom's, of nobody's data",
        refusals=(404, 409),
    ),
    Route(
        f"{BASE}/auth/callback",
        CallbackView,
        "dexcom-auth-callback",
        {"GET": PUBLIC},
        unaudited="sends a browser on to another address",
    ),
    Route(f"{BASE}/auth/token", TokenView, "dexcom-auth-token", {"POST": CONNECT}, refusals=(400, 409, 503)),
    Route(
        f"{BASE}/usage",
        UsageView,
        "dexcom-usage",
        {"GET": VIEW},
        unaudited="counts of the platform's calls, of no patient",
        refusals=(503,),
    ),
    Route(
        f"{BASE}/connections",
        ConnectionViewSet,
        "dexcom-connections",
        {"GET": VIEW},
        {"GET": "list"},
        audited=CONNECTION,
    ),
    Route(
        f"{BASE}/connections/{{connectionId}}",
        ConnectionViewSet,
        "dexcom-connection",
        {"GET": VIEW, "DELETE": CHANGE},
        {"GET": "retrieve", "DELETE": "destroy"},
        audited=CONNECTION,
        refusals=(409,),
    ),
    Route(
        f"{BASE}/connections/{{connectionId}}/sync",
        ConnectionViewSet,
        "dexcom-connection-sync",
        {"POST": CHANGE},
        {"POST": "sync"},
        refusals=(409, 429, 503),
    ),
    *[
        Route(
            f"{BASE}/connections/{{connectionId}}/{act}",
            ConnectionViewSet,
            f"dexcom-connection-{act}",
            {"POST": permission},
            {"POST": act},
            refusals=(409,),
        )
        for act, permission in (("pause", CHANGE), ("resume", CHANGE), ("accept", ACCEPT))
    ],
    *[
        Route(
            f"{BASE}/{path}",
            view,
            f"dexcom-{path}",
            {"GET": VIEW},
            audited=kind_of(resource),
            refusals=(400, 404),
        )
        for path, view, resource in RECORDS
    ],
]
