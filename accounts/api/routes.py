from __future__ import annotations

from accounts.api.auth_routes import ROUTES as AUTH_ROUTES
from accounts.api.me import MeView, OwnUserView
from accounts.api.organization_routes import ROUTES as ORGANIZATION_ROUTES
from accounts.api.users import MEMBER, MemberViewSet
from accounts.one_time.routes import ROUTES as SECOND_FACTOR_ROUTES
from accounts.plans.api.routes import ROUTES as PLAN_ROUTES
from tenancy.api.routing import SIGNED_IN, Route

OWN = "what the caller knows: their own account"

ROUTES = [
    *AUTH_ROUTES,
    *ORGANIZATION_ROUTES,
    *PLAN_ROUTES,
    *SECOND_FACTOR_ROUTES,
    Route("api/v1/auth/me", MeView, "me", {"GET": SIGNED_IN}, unaudited=OWN),
    Route(
        "api/v1/users",
        MemberViewSet,
        "users",
        {"GET": "accounts.view_membership", "POST": "accounts.add_membership"},
        {"GET": "list", "POST": "create"},
        refusals=(402,),
        audited=MEMBER,
    ),
    # Before the route with a parameter, which would take "me" for the code of a patient.
    Route("api/v1/users/me", OwnUserView, "own-user", {"GET": SIGNED_IN, "PATCH": SIGNED_IN}, unaudited=OWN),
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
        refusals=(402,),
        audited=MEMBER,
    ),
]
