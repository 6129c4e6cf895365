from __future__ import annotations

from tenancy.api.routing import Route
from vitals.api.activities import ACTIVITY, ActivitiesView, ActivityScoreView, ActivityView
from vitals.api.health_goals import GOAL, GoalsView, GoalView
from vitals.api.health_scores import HEALTH_SCORE, ComputedScoreView, HealthScoresView, HealthScoreView

# What people note beside measurements goes by the rights of measurements.
VIEW, ADD = "vitals.view_measurement", "vitals.add_measurement"
ONE = {"GET": VIEW, "PUT": "vitals.change_measurement", "DELETE": "vitals.delete_measurement"}
MANY = {"GET": VIEW, "POST": ADD}

SCORE_ROUTES = [
    # Before the ids, for which their names would be taken.
    Route(
        "api/v1/health-scores/computed",
        ComputedScoreView,
        "health-scores-computed",
        {"GET": VIEW},
        audited=HEALTH_SCORE,
        refusals=(400,),
    ),
    Route("api/v1/activities/calculate-score", ActivityScoreView, "activities-score", {"GET": VIEW}, audited=ACTIVITY),
    Route("api/v1/health-scores", HealthScoresView, "health-scores", MANY, audited=HEALTH_SCORE, refusals=(400,)),
    Route("api/v1/health-scores/{scoreId}", HealthScoreView, "health-score", ONE, audited=HEALTH_SCORE),
    Route("api/v1/activities", ActivitiesView, "activities", MANY, audited=ACTIVITY, refusals=(400,)),
    Route("api/v1/activities/{activityId}", ActivityView, "activity", ONE, audited=ACTIVITY),
    Route("api/v1/health-goals", GoalsView, "health-goals", MANY, audited=GOAL),
    Route("api/v1/health-goals/{goalId}", GoalView, "health-goal", ONE, audited=GOAL),
]
