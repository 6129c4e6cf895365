"""Calls to Dexcom's API v3: `DexcomClient` for each region, over one HTTP client of the process.

    http, token_http = new_http_client(), new_http_client(keeps_connections=False)
    application = Application("us", BASE_URLS["us"], client_id, client_secret, redirect_uri)
    client = DexcomClient(application, http=http, token_http=token_http)
    tokens = client.exchange_code(code)
    page = client.egvs(tokens.access_token, window)     # page.envelope.records; page.body is the JSON as it came

Make the HTTP clients after a process has forked. Every call is one exchange, which ends with its result or with a
`DexcomError`; when to try again says `seconds_to_next_try`, and whether a call may be made, the limiter.
"""

from __future__ import annotations

from dexcom_sync.client.api import DexcomClient, Page
from dexcom_sync.client.errors import (
    BadRequest,
    DexcomError,
    Forbidden,
    NotFound,
    RateLimited,
    ServerTrouble,
    TimedOut,
    TokenRefusal,
    TokenRefused,
    Unauthorized,
    Unreadable,
)
from dexcom_sync.client.regions import BASE_URLS, Application
from dexcom_sync.client.retries import seconds_to_next_try
from dexcom_sync.client.tokens import Tokens
from dexcom_sync.client.transport import Exchange, new_http_client

__all__ = [
    "BASE_URLS",
    "Application",
    "BadRequest",
    "DexcomClient",
    "DexcomError",
    "Exchange",
    "Forbidden",
    "NotFound",
    "Page",
    "RateLimited",
    "ServerTrouble",
    "TimedOut",
    "TokenRefusal",
    "TokenRefused",
    "Tokens",
    "Unauthorized",
    "Unreadable",
    "new_http_client",
    "seconds_to_next_try",
]
