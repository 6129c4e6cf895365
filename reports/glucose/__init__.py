"""What a patient's or a clinic's readings come to, for pages and for REST: computed here, shown elsewhere."""

from reports.glucose.loading import trace_of
from reports.glucose.results import analysis_of
from reports.glucose.windows import PERIODS, Window, last_days, window_of

__all__ = ["PERIODS", "Window", "analysis_of", "last_days", "trace_of", "window_of"]
