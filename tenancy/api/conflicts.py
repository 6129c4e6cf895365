"""Values that another row of the clinic has already: seen by the check before a write, or by the database during it.

Two requests with one code pass the check together; then the constraint stops the second, and the answer is the same.
"""

from __future__ import annotations

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import UniqueConstraint

TAKEN = "unique"


def taken_values(error: ValidationError | IntegrityError) -> str | None:
    """The sentence for the caller; None where something else is wrong, alone or besides.

    It is the ``violation_error_message`` of the model's constraint, whose ``violation_error_code`` is ``unique``.
    """
    if isinstance(error, IntegrityError):
        diagnosis = getattr(error.__cause__, "diag", None)
        return _sentence_of(getattr(diagnosis, "constraint_name", None))
    problems = ValidationError([error]).error_list
    if any(problem.code != TAKEN for problem in problems):
        return None
    return " ".join(str(message) for problem in problems for message in problem.messages)


def _sentence_of(constraint_name: str | None) -> str | None:
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == constraint_name and isinstance(constraint, UniqueConstraint):
                return str(constraint.violation_error_message) if constraint.violation_error_code == TAKEN else None
    return None
