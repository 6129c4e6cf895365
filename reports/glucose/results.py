from __future__ import annotations

from analytics.goals import Preset
from analytics.summary import Analysis, analyse
from patients.models import Patient
from reports.glucose.loading import trace_of
from reports.glucose.windows import Window


def analysis_of(patient: Patient, window: Window, preset: Preset | None = None) -> Analysis:
    """Everything there is to say about the window, from the readings themselves, held against the patient's goals."""
    trace = trace_of(patient, window.since, window.until)
    return analyse(trace, *window.milliseconds, preset or Preset(patient.glucose_goals))
