"""One of many workers: asks, calls the sandbox, and tells the limiter what came of it."""

from __future__ import annotations

import json
import sys
import time

import httpx
import redis

from dexcom_sync.client import Application, DexcomClient, RateLimited, new_http_client
from dexcom_sync.limiter import Budget, Lane, Limiter, MustWait


def main() -> None:
    """From its input: where everything is. To its output: how each of its tries ended, and when."""
    told = json.loads(sys.stdin.readline())
    limiter = Limiter(
        redis.Redis.from_url(told["valkey"]), told["client_id"], "host", Budget(told["per_hour"], told["burst"])
    )
    application = Application("sandbox", told["url"], told["client_id"], "unused", "http://unused")
    with new_http_client() as http, httpx.Client() as token_http:
        client = DexcomClient(application, http=http, token_http=token_http)
        print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()
        for _ in range(told["tries"]):
            print(json.dumps([_one_call(limiter, client, told["token"]), time.time()]), flush=True)  # noqa: T201


def _one_call(limiter: Limiter, client: DexcomClient, token: str) -> str:
    try:
        with limiter.permitted(Lane.INTERACTIVE):
            client.devices(token)
    except MustWait as wait:
        return str(wait.why)
    except RateLimited:
        return "429"
    return "called"


if __name__ == "__main__":
    main()
