"""The months that measurements can be stored in."""

from __future__ import annotations

from tenancy.partitions import MonthlyPartitions

_MONTHS = MonthlyPartitions("vitals_measurement", maker="vitals_measurement_ensure_months")
ensure_months = _MONTHS.ensure_months
covered_until = _MONTHS.covered_until
