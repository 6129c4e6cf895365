from alerts.models.episode import OPEN_STATES, Episode, EpisodeEvent, EpisodeQuerySet, Severity, Snooze
from alerts.models.evaluation import LateReadings, PatientEvaluation, PatientEvaluationQuerySet
from alerts.models.rules import ClinicAlarms, PatientAlarms, PatientRule, Rule, RuleGroup, RuleQuerySet

__all__ = [
    "OPEN_STATES",
    "ClinicAlarms",
    "Episode",
    "EpisodeEvent",
    "EpisodeQuerySet",
    "LateReadings",
    "PatientAlarms",
    "PatientEvaluation",
    "PatientEvaluationQuerySet",
    "PatientRule",
    "Rule",
    "RuleGroup",
    "RuleQuerySet",
    "Severity",
    "Snooze",
]
