"""The months that readings can be stored in."""

from __future__ import annotations

from tenancy.partitions import MonthlyPartitions

_MONTHS = MonthlyPartitions("readings_glucosereading", maker="readings_ensure_months")
ensure_months = _MONTHS.ensure_months
covered_until = _MONTHS.covered_until
