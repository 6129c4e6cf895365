"""A clinic that is told by mail alone, a receiver of webhooks, and a channel that leads there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from alerts.deliveries.services import create_contact
from alerts.models import Channel
from alerts.tests.receiver import Receiver, running_receiver
from alerts.tests.sending import SECRET
from alerts.tests.telling import make_channel, start_anew
from tests.clinics import Clinic


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOKS_MAY_REACH_LOOPBACK = True
    with running_receiver() as running:
        yield running


@pytest.fixture
def clinic(northside: Clinic) -> Iterator[Clinic]:
    """Every clinic of a test is told by mail alone, until it names contacts."""
    with northside.scope():
        with transaction.atomic():
            start_anew(northside)
        yield northside


@pytest.fixture
def webhook(clinic: Clinic, receiver: Receiver) -> Channel:
    with transaction.atomic():
        channel = make_channel("webhook", url=receiver.url, secret=SECRET)
        create_contact(position=0, channel=channel)
    return channel
