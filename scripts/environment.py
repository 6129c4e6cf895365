"""What the settings get from tools that read the code but never serve and never connect."""

from __future__ import annotations

import os
import secrets

# Nothing listens on port 1: a tool that connects after all fails at once instead of finding somebody's data.
NOWHERE = "127.0.0.1:1"


def static_environment() -> dict[str, str]:
    return {
        **os.environ,
        "APP_ENV": "test",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": f"postgresql://glucose_app@{NOWHERE}/glucose",
        "REDIS_URL": f"redis://{NOWHERE}",
    }
