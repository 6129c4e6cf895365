from __future__ import annotations

from django.contrib import admin
from django.urls import path

from accounts.views import set_password_by_link
from glucose_platform.routes import ROUTES

urlpatterns = [
    *[route.url_pattern() for route in ROUTES],
    path("account/set-password/<uid>/<token>/", set_password_by_link, name="set-password"),
    path("admin/", admin.site.urls),
]
