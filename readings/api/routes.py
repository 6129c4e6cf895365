from __future__ import annotations

from tenancy.api.routing import Route

ROUTES: list[Route] = []
