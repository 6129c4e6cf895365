"""Patients with new measurements are marked for the evaluator of alarm rules (docs/decisions/0044)."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from tenancy.scope import required_organization_id

# By pairs of (organization, patient). The last statement of a transaction, after any lock on a patient's state: the
# evaluator holds the state and takes the mark then, and the other way round the two would wait for each other.
# What was older than 15 minutes on arrival never alarms, so it wakes nobody. DO UPDATE and not NOTHING: it holds a mark
# that is there already until the commit, so that no evaluator takes it without seeing what we store.
MARK_FOR_RULES = """
INSERT INTO readings_evaluationmark AS mark (organization_id, patient_id, late_count)
SELECT DISTINCT organization_id, patient_id, 0
  FROM unnest(%(organization_id)s::bigint[], %(patient_id)s::bigint[], %(measured_at)s::timestamptz[])
       AS stored (organization_id, patient_id, measured_at)
 WHERE measured_at >= now() - interval '15 minutes'
 ORDER BY organization_id, patient_id
ON CONFLICT (organization_id, patient_id) DO UPDATE SET late_count = mark.late_count
"""


def mark_for_rules(*, patient_id: int, measured_at: datetime) -> None:
    """Of the clinic in scope, in the transaction of the change and behind it."""
    with connection.cursor() as cursor:
        cursor.execute(
            MARK_FOR_RULES,
            {
                "organization_id": [required_organization_id()],
                "patient_id": [patient_id],
                "measured_at": [measured_at],
            },
        )
