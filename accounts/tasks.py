from __future__ import annotations

from celery import shared_task

from accounts.services import forget_expired_sign_ins
from tenancy.tasks import PlatformTask


@shared_task(base=PlatformTask, name="accounts.forget_expired_sign_ins", why="sign-ins belong to people, not clinics")
def forget_expired_sign_ins_task() -> None:
    forget_expired_sign_ins()
