from __future__ import annotations

from accounts.api.auth import LoginView, LogoutView, RefreshView, SwitchOrganizationView, TokenView
from accounts.api.me import MeView, OwnUserView
from accounts.api.users import MemberViewSet
from tenancy.api.routing import PUBLIC, SIGNED_IN, Route

ROUTES = [
    Route("api/v1/auth/login", LoginView, "login", {"POST": PUBLIC}),
    Route("api/v1/auth/token", TokenView, "token", {"POST": PUBLIC}),
    Route("api/v1/auth/refresh", RefreshView, "refresh", {"POST": PUBLIC}),
    Route("api/v1/auth/logout", LogoutView, "logout", {"POST": SIGNED_IN}),
    Route("api/v1/auth/me", MeView, "me", {"GET": SIGNED_IN}),
    Route("api/v1/auth/switch-organization", SwitchOrganizationView, "switch-organization", {"POST": SIGNED_IN}),
    Route(
        "api/v1/users",
        MemberViewSet,
        "users",
        {"GET": "accounts.view_membership", "POST": "accounts.add_membership"},
        {"GET": "list", "POST": "create"},
    ),
    # Before the route with a parameter, which would take "me" for the code of a patient.
    Route("api/v1/users/me", OwnUserView, "own-user", {"GET": SIGNED_IN, "PATCH": SIGNED_IN}),
    Route(
        "api/v1/users/{userId}",
        MemberViewSet,
        "user",
        # The view lets people without the right reach only themselves.
        {
            "GET": f"{SIGNED_IN}|accounts.view_membership",
            "PATCH": f"{SIGNED_IN}|accounts.change_membership",
            "DELETE": "accounts.delete_membership",
        },
        {"GET": "retrieve", "PATCH": "partial_update", "DELETE": "destroy"},
    ),
]
