"""Asks the web process of this container for /health; exits with 1 where the answer is not 200."""

from __future__ import annotations

import os
import sys
import urllib.request


def main() -> int:
    # Django refuses host names it does not serve, the loopback address included.
    host = os.environ.get("ALLOWED_HOSTS", "").strip('[]" ').split(",")[0].strip('" ').lstrip(".")
    port = os.environ.get("PORT", "8000")
    request = urllib.request.Request(f"http://127.0.0.1:{port}/health", headers={"Host": host or "localhost"})
    try:
        with urllib.request.urlopen(request, timeout=3) as answer:  # noqa: S310
            return 0 if answer.status == 200 else 1
    except OSError as error:
        print(error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
