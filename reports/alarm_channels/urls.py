from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from reports.alarm_channels.deliveries_page import deliveries_page, delivery_page
from reports.alarm_channels.edit_page import edit_page, new_page
from reports.alarm_channels.page import channels_page
from reports.alarm_channels.trial import trial_view


def urls(page: Callable[[Any], Any]) -> list[URLPattern]:
    return [
        path("alarm-channels/", page(channels_page), name="alarm_channels"),
        path("alarm-channels/new/<slug:channel_kind>/", page(new_page), name="alarm_channel_new"),
        path("alarm-channels/<uuid:channel>/", page(edit_page), name="alarm_channel"),
        # Outside the transaction of a page: the other side may take ten seconds to answer.
        path("alarm-channels/<uuid:channel>/test/", trial_view, name="alarm_channel_test"),
        path("alarm-deliveries/", page(deliveries_page), name="alarm_deliveries"),
        path("alarm-deliveries/<uuid:delivery>/", page(delivery_page), name="alarm_delivery"),
    ]
