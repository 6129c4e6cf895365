"""A server of this machine that answers as Stripe's documentation says, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

A_DAY = 86_400
BEGAN = int(time.time()) - 10 * A_DAY
ENDS = BEGAN + 30 * A_DAY


@dataclass
class StripeStub:
    """``things``: what is answered, by path; ``status`` other than 200 is answered to everything."""

    url: str = ""
    status: int = 200
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def subscribe(self, reference: str = "sub_1", **changes: Any) -> None:
        price = {
            "id": "price_clinic",
            "object": "price",
            "currency": "eur",
            "unit_amount": 4900,
            "recurring": {"interval": "month", "interval_count": 1},
        }
        item = {"id": "si_1", "object": "subscription_item", "quantity": 1, "current_period_end": ENDS}
        item["price"] = {**price, **changes.pop("price", {})}
        self.things[f"/v1/subscriptions/{reference}"] = {
            "id": reference,
            "object": "subscription",
            "customer": "cus_north",
            "status": "active",
            "start_date": BEGAN,
            "cancel_at_period_end": False,
            "canceled_at": None,
            "ended_at": None,
            "trial_end": None,
            "items": {"object": "list", "data": [item]},
            **changes,
        }

    def invoice(self, **changes: Any) -> None:
        self.things["/v1/invoices/in_1"] = {
            "id": "in_1",
            "object": "invoice",
            "number": "NS-0001",
            "customer": "cus_north",
            "status": "open",
            "currency": "eur",
            "total": 4900,
            "amount_paid": 0,
            "attempt_count": 0,
            "created": BEGAN,
            "due_date": None,
            "status_transitions": {"paid_at": None},
            **changes,
        }

    def cards(self, *cards: tuple[str, str]) -> None:
        methods = [
            {
                "id": reference,
                "object": "payment_method",
                "type": "card",
                "card": {"brand": "visa", "last4": last4, "exp_month": 8, "exp_year": 2031},
            }
            for reference, last4 in cards
        ]
        listed = {"object": "list", "url": "/v1/payment_methods", "has_more": False, "data": methods}
        self.things["/v1/customers/cus_north/payment_methods"] = listed
        self.things["/v1/customers/cus_north"] = {
            "id": "cus_north",
            "object": "customer",
            "invoice_settings": {"default_payment_method": cards[0][0] if cards else None},
        }


@contextmanager
def stripe_stub() -> Iterator[StripeStub]:
    stub = StripeStub()
    stub.things["/v1/customers"] = {"id": "cus_north", "object": "customer"}
    for place in ("checkout", "billing_portal"):
        session = {"id": "s_1", "object": f"{place}.session", "url": f"https://pay.example/{place}"}
        stub.things[f"/v1/{place}/sessions"] = session

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            fields = {name: values[0] for name, values in parse_qs(sent).items()}
            stub.asked.append((self.command, path, fields))
            found = stub.things.get(path)
            status = stub.status if stub.status != 200 else (200 if found else 404)
            content = json.dumps(found if status == 200 else {"error": {"type": "api_error", "message": "x"}}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}"
    yield stub
    server.shutdown()
    server.server_close()
    thread.join()
