from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from reports import alarm_statistics_page
from reports.alarm_board import acting, episode_page, live, page


def urls(admin_view: Callable[[Any], Any]) -> list[URLPattern]:
    """Words before the pattern with an id."""
    return [
        path("alarms/", admin_view(page.board_page), name="alarms"),
        path("alarms/part/", admin_view(page.board_part), name="alarm_part"),
        path("alarms/ticket/", admin_view(live.ticket_view), name="alarm_ticket"),
        path("alarms/statistics/", admin_view(alarm_statistics_page.statistics_page), name="alarm_statistics"),
        path("alarms/<uuid:alarm>/", admin_view(episode_page.episode_page), name="alarm"),
        path("alarms/<uuid:alarm>/act/", admin_view(acting.act_view), name="alarm_act"),
    ]
