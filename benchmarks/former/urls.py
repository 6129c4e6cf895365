from __future__ import annotations

from benchmarks.former.views import FormerCurrentGlucoseView
from glucose_platform.urls import urlpatterns as current_urlpatterns
from tenancy.api.routing import Route

ROUTE = Route(
    "api/v1/users/{userId}/glucose/current",
    FormerCurrentGlucoseView,
    "former-glucose-current",
    {"GET": "readings.view_glucosereading"},
    audited="readings.current",
)
urlpatterns = [ROUTE.url_pattern(), *current_urlpatterns]
