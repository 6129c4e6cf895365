from reports.models.batches import BatchReport, ReportBatch
from reports.models.worklist import CareState, RecentDays, SavedView, SeenAct

__all__ = ["BatchReport", "CareState", "RecentDays", "ReportBatch", "SavedView", "SeenAct"]
