"""The months that entries can be written in."""

from __future__ import annotations

from tenancy.partitions import MonthlyPartitions

_MONTHS = MonthlyPartitions("audit_entry", maker="audit_ensure_months")
ensure_months = _MONTHS.ensure_months
covered_until = _MONTHS.covered_until
