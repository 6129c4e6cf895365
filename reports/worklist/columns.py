"""What the row of a patient's recent days holds."""

from __future__ import annotations

PERIOD = 14
DAYS = 2 * PERIOD
# Of the day summaries, in this order: percentages are of the first, and the last makes minutes of them.
COLUMNS = ("count", "very_low", "low", "high", "very_high", "below_63", "pregnancy_range", "interval")
# Two bytes hold what a day of any sensor has; beyond that a share would be wrong, never an error.
MOST = 32_767
BYTES = DAYS * len(COLUMNS) * 2
