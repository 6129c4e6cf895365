"""PostgreSQL and Valkey that start by themselves: for evaluation, development and a single small site."""

from glucose_platform.embedded.errors import EmbeddedError
from glucose_platform.embedded.launcher import (
    Services,
    ServiceStatus,
    Status,
    remove,
    start,
    start_missing,
    status,
    stop,
)
from glucose_platform.embedded.state import completed_environment, saved_environment, state_directory

__all__ = [
    "EmbeddedError",
    "ServiceStatus",
    "Services",
    "Status",
    "completed_environment",
    "remove",
    "saved_environment",
    "start",
    "start_missing",
    "state_directory",
    "status",
    "stop",
]
