from __future__ import annotations

from accounts.api.auth import LoginView, LogoutView, RefreshView, SwitchOrganizationView, TokenView
from accounts.api.jwks import KeysView
from tenancy.api.routing import PUBLIC, SIGNED_IN, Route

ROUTES = [
    Route(".well-known/jwks.json", KeysView, "jwks", {"GET": PUBLIC}, unaudited="public keys"),
    Route("api/v1/auth/login", LoginView, "login", {"POST": PUBLIC}),
    Route("api/v1/auth/token", TokenView, "token", {"POST": PUBLIC}),
    Route("api/v1/auth/refresh", RefreshView, "refresh", {"POST": PUBLIC}),
    Route("api/v1/auth/logout", LogoutView, "logout", {"POST": SIGNED_IN}),
    Route("api/v1/auth/switch-organization", SwitchOrganizationView, "switch-organization", {"POST": SIGNED_IN}),
]
