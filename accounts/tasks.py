from __future__ import annotations

from celery import shared_task

from accounts.account_mails import mail_about_account
from accounts.invitation_mail import send_invitation
from accounts.invitations import close_expired_invitations
from accounts.mail import RETRIED
from accounts.plans.nightly import look_after_plan
from accounts.registration import forget_unconfirmed_accounts
from accounts.services import forget_expired_sign_ins
from accounts.support_mail import tell_of_disabled_second_factor, tell_owners_of_support
from tenancy.directory import all_organizations
from tenancy.scope import organization_scope
from tenancy.tasks import OrganizationTask, PlatformTask, in_each_organization


@shared_task(base=PlatformTask, name="accounts.forget_expired_sign_ins", why="sign-ins belong to people, not clinics")
def forget_expired_sign_ins_task() -> None:
    forget_expired_sign_ins()


@shared_task(
    base=PlatformTask, name="accounts.forget_unconfirmed_accounts", why="no clinic knows the accounts that it removes"
)
def forget_unconfirmed_accounts_task() -> None:
    forget_unconfirmed_accounts()


@shared_task(base=OrganizationTask, name="accounts.mail_invitation", **RETRIED)
def mail_invitation_task(invitation_id: int) -> None:
    send_invitation(invitation_id=invitation_id)


@shared_task(base=OrganizationTask, name="accounts.close_expired_invitations")
def close_expired_invitations_task() -> None:
    close_expired_invitations()


@shared_task(base=PlatformTask, name="accounts.sweep_invitations", why="tells each clinic's task to look, and no more")
def sweep_invitations_task() -> None:
    for organization in all_organizations():
        with organization_scope(organization.id):
            close_expired_invitations_task.delay()


@shared_task(base=OrganizationTask, name="accounts.mail_support_access", **RETRIED)
def mail_support_access_task(access_id: int) -> None:
    tell_owners_of_support(access_id=access_id)


@shared_task(
    base=PlatformTask, name="accounts.mail_second_factor_disabled", why="an account belongs to no clinic", **RETRIED
)
def mail_second_factor_disabled_task(user_id: int) -> None:
    tell_of_disabled_second_factor(user_id=user_id)


@shared_task(base=PlatformTask, name="accounts.mail_about_account", why="an account belongs to no clinic", **RETRIED)
def mail_about_account_task(kind: str, user_id: int) -> None:
    mail_about_account(kind=kind, user_id=user_id)


@shared_task(base=PlatformTask, name="accounts.look_after_plans", why="each clinic's plan is looked at in its scope")
def look_after_plans_task() -> None:
    in_each_organization(look_after_plan, failed="plan_not_looked_after")
