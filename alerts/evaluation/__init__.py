"""Rules look at patients: whoever has new readings, and whoever's time has come.

Any number of evaluators may run side by side. A patient is held by one of them, under the lock of the store of
readings; see ``readings.models.EvaluationMark``.
"""

from alerts.evaluation.work import Evaluated, evaluate_due_patients, organizations_with_due_patients

__all__ = ["Evaluated", "evaluate_due_patients", "organizations_with_due_patients"]
