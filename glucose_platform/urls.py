from __future__ import annotations

from django.contrib import admin
from django.urls import path

from accounts.invitation_page import answer_by_link
from accounts.views import confirm_address_by_link, forgot_password, set_password_by_link
from dexcom_sync.callback_page import callback
from glucose_platform.routes import ROUTES

urlpatterns = [
    *[route.url_pattern() for route in ROUTES],
    path("account/set-password/<uid>/<token>/", set_password_by_link, name="set-password"),
    path("account/confirm/<uid>/<token>/", confirm_address_by_link, name="confirm-address"),
    # Under this name Django's sign-in page links to it.
    path("account/forgot-password/", forgot_password, name="admin_password_reset"),
    path("account/invitation/<token>/", answer_by_link, name="invitation-page"),
    path("auth/callback", callback, name="dexcom-callback"),
    path("admin/", admin.site.urls),
]

handler400 = "glucose_platform.error_pages.bad_request"
handler404 = "glucose_platform.error_pages.not_found"
handler500 = "glucose_platform.error_pages.server_error"
