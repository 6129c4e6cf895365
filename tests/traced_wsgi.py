"""The application as tests' servers run it under coverage.

granian's threads are made in Rust, so Python never hands them the trace function that every new thread should get.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from glucose_platform.wsgi import application as platform


def application(environ: dict[str, Any], start_response: Any) -> Any:
    sys.settrace(threading.gettrace())
    return platform(environ, start_response)
