from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.api import openapi  # noqa: F401  tells the schema how callers show who they are
        from accounts.browser_sessions.services import watch_sign_ins

        watch_sign_ins()
