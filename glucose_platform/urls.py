from __future__ import annotations

from django.contrib import admin
from django.urls import path

from glucose_platform.routes import ROUTES

urlpatterns = [
    *[route.url_pattern() for route in ROUTES],
    path("admin/", admin.site.urls),
]
