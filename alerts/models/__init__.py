from alerts.models.delivery import Channel, Contact, Delivery, DeliveryQuerySet
from alerts.models.episode import OPEN_STATES, Episode, EpisodeEvent, EpisodeQuerySet, Severity, Snooze
from alerts.models.evaluation import LateReadings, PatientEvaluation
from alerts.models.rules import ClinicAlarms, PatientAlarms, PatientRule, Rule, RuleGroup, RuleQuerySet

__all__ = [
    "OPEN_STATES",
    "Channel",
    "ClinicAlarms",
    "Contact",
    "Delivery",
    "DeliveryQuerySet",
    "Episode",
    "EpisodeEvent",
    "EpisodeQuerySet",
    "LateReadings",
    "PatientAlarms",
    "PatientEvaluation",
    "PatientRule",
    "Rule",
    "RuleGroup",
    "RuleQuerySet",
    "Severity",
    "Snooze",
]
