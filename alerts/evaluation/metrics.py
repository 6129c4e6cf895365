"""How evaluating keeps up. Evaluators are not scraped, they tell it through Valkey."""

from __future__ import annotations

from tenancy.told_metrics import ToldCounter, ToldHistogram
from tenancy.waiting import Waiting

SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)

EVALUATED = ToldCounter("glucose_alarm_patients_evaluated", "Patients whom alarm rules looked at")
RULES_FAILED = ToldCounter("glucose_alarm_rules_failed", "Rules that could not be evaluated for a patient")
SWEEP_SECONDS = ToldHistogram(
    "glucose_alarm_sweep_seconds", "How long one round over all clinics with due patients took", SECONDS
)
LAG_SECONDS = ToldHistogram(
    "glucose_alarm_lag_seconds", "From the store of a patient's oldest new reading to the look of the rules", SECONDS
)
WAITING = Waiting(
    "alerts:oldest-mark",
    "glucose_alarm_oldest_reading_seconds",
    "How long the oldest reading has been waiting for the alarm rules",
)
