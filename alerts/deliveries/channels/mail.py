from __future__ import annotations

import smtplib
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings as platform
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage

from alerts.deliveries.channels.kind import Kind, Message, Need, NotSent


class Email(Kind):
    kind = "email"
    needs = (Need("address", "Address", r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,189}", "Give one e-mail address."),)
    member_address = "email"
    address_need = "address"

    def send(self, *, settings: Mapping[str, str], to: str, message: Message) -> str:
        # The same identity for every try: mail programs show a mail that came twice once.
        identity = f"<{message.key}@{urlsplit(platform.PUBLIC_URL).hostname}>"
        mail = EmailMessage(
            message.subject, message.text + "\n", to=[to or settings["address"]], headers={"Message-ID": identity}
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise NotSent(
                "The mail server refused the address.", is_final=all(code >= 500 for code in codes)
            ) from error
        except ImproperlyConfigured as error:
            raise NotSent("The platform has no mail server: its operator sets EMAIL_HOST.") from error
        except OSError as error:
            raise NotSent(f"The mail server did not take it ({type(error).__name__}).") from error
        return "Taken by the mail server."
