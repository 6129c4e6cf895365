from __future__ import annotations

from audit.api.views import LEDGER, EntriesView
from tenancy.api.routing import Route

ROUTES = [Route("api/v1/audit", EntriesView, "audit", {"GET": "audit.view_entry"}, audited=LEDGER)]
