"""As in production, but for the receivers of alarms: they are on this machine."""

from glucose_platform.settings import *  # noqa: F403

WEBHOOKS_MAY_REACH_LOOPBACK = True
