from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.plans.catalogue import COUNTED, PLANS
from accounts.plans.models import BillingRecord, Currency, Period, Subscription
from accounts.plans.services import close_invoice, make_invoice, mark_paid, set_plan
from accounts.plans.standing import current_standing
from accounts.plans.usage import in_use
from tenancy.commands import find_organization
from tenancy.directory import OrganizationIdentity, all_organizations
from tenancy.scope import organization_scope

CLOSED = (BillingRecord.Status.CANCELLED, BillingRecord.Status.REFUNDED, BillingRecord.Status.DISPUTED)


class Command(BaseCommand):
    help = "Plans and invoices of clinics, for installations whose operator makes the invoices."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        status = actions.add_parser(
            "status", help="plan, use and open invoices: of one clinic, or of all in a line each"
        )
        status.add_argument("--organization", metavar="CODE")
        self._add_set_plan(_for_one(actions.add_parser("set-plan", help="a plan, from now on")))
        self._add_invoice(_for_one(actions.add_parser("invoice", help="make an invoice; prints its number")))
        paid = _for_one(actions.add_parser("mark-paid", help="an invoice was paid"))
        paid.add_argument("number")
        paid.add_argument("--method", choices=BillingRecord.Method.values, default="bank_transfer")
        paid.add_argument("--transaction", default="", metavar="ID", help="of the bank, to find it again")
        close = _for_one(actions.add_parser("close", help="an invoice is cancelled, refunded or disputed"))
        close.add_argument("number")
        close.add_argument("--status", choices=[str(status) for status in CLOSED], required=True)
        close.add_argument("--notes", default="")

    def _add_set_plan(self, parser: CommandParser) -> None:
        parser.add_argument("plan", choices=list(PLANS))
        parser.add_argument("--period", choices=Period.values)
        parser.add_argument("--amount", type=_amount, help="for each period, such as 49.00; 0: no invoices")
        parser.add_argument("--currency", choices=Currency.values)
        parser.add_argument("--until", type=_day, metavar="DAY", help="end of the first period; needed for invoices")
        parser.add_argument("--trial-until", type=_day, metavar="DAY", help="a trial up to this day")

    def _add_invoice(self, parser: CommandParser) -> None:
        parser.add_argument("--amount", type=_amount, required=True)
        parser.add_argument("--currency", choices=Currency.values, help="the subscription's where it is not given")
        parser.add_argument("--description", default="")
        parser.add_argument("--due", type=_day, metavar="DAY", help="two weeks from now where it is not given")

    def handle(self, *args: Any, action: str, organization: str | None, **options: Any) -> None:
        chosen = [find_organization(organization)] if organization else all_organizations()
        for clinic in chosen:
            with organization_scope(clinic.id):
                try:
                    self._act(action, clinic, options)
                except ValidationError as refusal:
                    raise CommandError(" ".join(refusal.messages)) from None

    def _act(self, action: str, clinic: OrganizationIdentity, options: dict[str, Any]) -> None:
        if action == "status":
            self._tell(clinic)
        elif action == "set-plan":
            self._set_plan(clinic, options)
        elif action == "invoice":
            made = make_invoice(
                **{name: options[name] for name in ("amount", "currency", "description")}, due_at=options["due"]
            )
            self.stdout.write(f"{made.number}: {made.amount} {made.currency}, due {made.due_at:%Y-%m-%d}.")
        elif action == "mark-paid":
            mark_paid(number=options["number"], method=options["method"], transaction_id=options["transaction"])
            self.stdout.write(f"{options['number']} is paid.")
            self._tell(clinic)
        else:
            close_invoice(number=options["number"], status=options["status"], notes=options["notes"])
            self.stdout.write(f"{options['number']} is {options['status']}.")

    def _set_plan(self, clinic: OrganizationIdentity, options: dict[str, Any]) -> None:
        names = {"period": "period", "amount": "amount", "currency": "currency", "until": "ends_at"}
        fields = {field: options[name] for name, field in names.items() if options[name] is not None}
        if options["trial_until"] is not None:
            fields |= {"status": Subscription.Status.TRIAL, "trial_ends_at": options["trial_until"]}
        set_plan(plan=options["plan"], **fields)
        self._tell(clinic)

    @transaction.atomic
    def _tell(self, clinic: OrganizationIdentity) -> None:
        standing, used = current_standing(), in_use()
        plan = PLANS[standing.subscription.plan] if standing.subscription else standing.plan
        uses = ", ".join(f"{limit.value} {used.of(limit)} of {standing.limit(limit) or 'any'}" for limit in COUNTED)
        grace = f", grace until {standing.grace_ends_at:%Y-%m-%d}" if standing.grace_ends_at else ""
        stopped = ", adding is stopped" if standing.is_stopped else ""
        self.stdout.write(f"{clinic.code}: {plan.code}, {standing.status}{grace}{stopped}; {uses}")
        for record in BillingRecord.objects.open():
            due = f"due {record.due_at:%Y-%m-%d}"
            self.stdout.write(f"  {record.number}: {record.amount} {record.currency}, {record.status}, {due}")


def _for_one(parser: CommandParser) -> CommandParser:
    parser.add_argument("--organization", metavar="CODE", required=True)
    return parser


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"{text} is not an amount, such as 49.00.") from None


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ArgumentTypeError(f"{text} is not a day, such as 2027-01-31.") from None
