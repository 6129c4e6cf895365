"""Faults of the settings, told by every management command that needs them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def settings_have_no_faults(**kwargs: Any) -> list[CheckMessage]:
    return [Error(problem, id="glucose_platform.E001") for problem in settings.SETTINGS_PROBLEMS]
