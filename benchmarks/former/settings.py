"""The platform's settings with the former address of the current value."""

from glucose_platform.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.former.urls"
