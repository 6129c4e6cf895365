from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from tenancy.api.routing import DEVICE, PUBLIC, Route

BEARER = "bearer"
DEVICE_KEY = "deviceKey"


class PrincipalScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Which credential an operation takes follows from the access of its route."""

    target_class = "accounts.api.authentication.PrincipalAuthentication"
    name = [BEARER, DEVICE_KEY]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An access token, or a device key on device routes."},
            {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A device key."},
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        route: Route = auto_schema.view.route
        allowed = route.access.get(auto_schema.method, "").split("|")
        if PUBLIC in allowed:
            return [{}]
        if DEVICE not in allowed:
            return [{BEARER: []}]
        return [{DEVICE_KEY: []}, {BEARER: []}]
