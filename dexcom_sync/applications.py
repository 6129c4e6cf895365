"""Our applications at Dexcom, as the settings give them, and this process's clients for them."""

from __future__ import annotations

import os
from functools import cache

import httpx
from django.conf import settings

from dexcom_sync.client import BASE_URLS, Application, DexcomClient, new_http_client
from dexcom_sync.limiter import Budget, Limiter
from dexcom_sync.metrics import exchange_counter
from dexcom_sync.models import Region
from tenancy.redis import limits_client


class NotOffered(LookupError):
    """No application is registered in this region."""


def offered_regions() -> list[Region]:
    return [region for region in Region if region.value in settings.DEXCOM_APPLICATIONS]


def application_of(region: str) -> Application:
    if region not in settings.DEXCOM_APPLICATIONS:
        raise NotOffered(region)
    client_id, secret = settings.DEXCOM_APPLICATIONS[region]
    return Application(
        region=region,
        base_url=settings.DEXCOM_SANDBOX_URL if region == Region.SANDBOX else BASE_URLS[region],
        client_id=client_id,
        client_secret=secret,
        redirect_uri=settings.DEXCOM_REDIRECT_URI,
        oauth_version=settings.DEXCOM_OAUTH_VERSION,
    )


def client_of(region: str) -> DexcomClient:
    http, token_http = _http(os.getpid())
    application = application_of(region)
    return DexcomClient(application, http=http, token_http=token_http, notice=exchange_counter(application.host))


def limiter_of(region: str) -> Limiter:
    application = application_of(region)
    budget = (settings.DEXCOM_CALLS_PER_HOUR, settings.DEXCOM_CALL_BURST, settings.DEXCOM_WORKERS)
    return _limiter(application.client_id, application.host, Budget(*budget))


@cache
def _http(process: int) -> tuple[httpx.Client, httpx.Client]:
    """A worker that was forked must not share the connections of the one before."""
    return new_http_client(), new_http_client(keeps_connections=False)


@cache
def _limiter(client_id: str, host: str, budget: Budget) -> Limiter:
    return Limiter(limits_client(), client_id, host, budget)
