from reports.models.worklist import CareState, RecentDays, SavedView, SeenAct

__all__ = ["CareState", "RecentDays", "SavedView", "SeenAct"]
