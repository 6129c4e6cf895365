from __future__ import annotations

from reports.api.glucose.routes import GLUCOSE_ROUTES
from reports.api.statistics import StatisticsView
from reports.api.worklist import (
    AssignView,
    BringBackView,
    NextContactView,
    SeenView,
    WorklistHistoryView,
    WorklistPatientView,
    WorklistView,
)
from reports.api.worklist_views import WorklistViewsView, WorklistViewView
from reports.worklist.reading import WORKLIST
from reports.worklist.services import ACTING as ACTING_ON_WORKLIST
from reports.worklist.services import READING_NOTES, SEEN
from reports.worklist.services import VIEWING as VIEWING_WORKLIST
from tenancy.api.routing import Route

_ACTS = {"seen": SeenView, "assign": AssignView, "next-contact": NextContactView, "bring-back": BringBackView}

ROUTES = [
    Route(
        "api/v1/admin/stats",
        StatisticsView,
        "admin-stats",
        {"GET": "tenancy.view_organization"},
        unaudited="counts of the clinic, no patient",
    ),
    Route("api/v1/analytics/worklist", WorklistView, "worklist", {"GET": VIEWING_WORKLIST}, audited=WORKLIST),
    Route(
        "api/v1/analytics/worklist/{code}",
        WorklistPatientView,
        "worklist-patient",
        {"GET": VIEWING_WORKLIST},
        audited=WORKLIST,
    ),
    Route(
        "api/v1/analytics/worklist/{code}/history",
        WorklistHistoryView,
        "worklist-history",
        {"GET": READING_NOTES},
        audited=SEEN,
    ),
    *[
        Route(f"api/v1/analytics/worklist/{{code}}/{act}", view, f"worklist-{act}", {"POST": ACTING_ON_WORKLIST})
        for act, view in _ACTS.items()
    ],
    Route(
        "api/v1/analytics/worklist-views",
        WorklistViewsView,
        "worklist-views",
        {"GET": VIEWING_WORKLIST, "POST": ACTING_ON_WORKLIST},
        unaudited="choices under a name, no patient",
        refusals=(409,),
    ),
    Route(
        "api/v1/analytics/worklist-views/{viewId}",
        WorklistViewView,
        "worklist-view",
        {"GET": VIEWING_WORKLIST, "PATCH": ACTING_ON_WORKLIST, "DELETE": ACTING_ON_WORKLIST},
        unaudited="choices under a name, no patient",
        refusals=(409,),
    ),
    *GLUCOSE_ROUTES,
]
