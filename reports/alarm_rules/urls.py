from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from reports.alarm_rules.edit_page import edit_page
from reports.alarm_rules.list_page import list_page
from reports.alarm_rules.simple_page import simple_page
from reports.alarm_rules.vitals_page import vitals_page


def urls(page: Callable[[Any], Any]) -> list[URLPattern]:
    return [
        path("alarm-rules/", page(list_page), name="alarm_rules"),
        path("alarm-rules/edit/", page(edit_page), name="alarm_rule_edit"),
        path("alarm-rules/simple/", page(simple_page), name="alarm_rule_simple"),
        path("alarm-rules/vitals/", page(vitals_page), name="alarm_rule_vitals"),
    ]
