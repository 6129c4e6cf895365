from __future__ import annotations

from accounts.api.auth import LoginView, LogoutView, MeView, RefreshView, SwitchOrganizationView, TokenView
from tenancy.api.routing import PUBLIC, SIGNED_IN, Route

ROUTES = [
    Route("api/v1/auth/login", LoginView, "login", {"POST": PUBLIC}),
    Route("api/v1/auth/token", TokenView, "token", {"POST": PUBLIC}),
    Route("api/v1/auth/refresh", RefreshView, "refresh", {"POST": PUBLIC}),
    Route("api/v1/auth/logout", LogoutView, "logout", {"POST": SIGNED_IN}),
    Route("api/v1/auth/me", MeView, "me", {"GET": SIGNED_IN}),
    Route("api/v1/auth/switch-organization", SwitchOrganizationView, "switch-organization", {"POST": SIGNED_IN}),
]
