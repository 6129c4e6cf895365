"""The platform's settings, but for the receiver of alarms: it is on this machine."""

from glucose_platform.settings import *  # noqa: F403

WEBHOOKS_MAY_REACH_LOOPBACK = True
