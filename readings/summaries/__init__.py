"""Day summaries: computed anew from raw readings wherever a day is marked as dirty.

So whatever happened to the readings of a day (late, amended, removed, another time zone), the summary tells what is
there now. Marks are written and removed under the lock on the patient's state; see ``DirtyDay``.
"""

from readings.summaries.followers import register_summary_follower
from readings.summaries.marking import follow_timezone, mark_days_of_all_patients, mark_every_day
from readings.summaries.metrics import note_oldest_mark
from readings.summaries.work import Backlog, backlog, organizations_with_dirty_days, summarise_dirty_days

__all__ = [
    "Backlog",
    "backlog",
    "follow_timezone",
    "mark_days_of_all_patients",
    "mark_every_day",
    "note_oldest_mark",
    "organizations_with_dirty_days",
    "register_summary_follower",
    "summarise_dirty_days",
]
