from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from readings.summaries import register_summary_follower
        from reports.worklist.following import follow_summaries

        register_summary_follower(follow_summaries)
