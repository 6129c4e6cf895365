from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from accounts import firebase_certificates
from accounts.tests.google import PROJECT, Google


@pytest.fixture
def google(settings: Any) -> Iterator[Google]:
    state = Google()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked += 1
            content = state.content()
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if state.write:
                state.write(self.wfile)
            else:
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.FIREBASE_PROJECT_ID = PROJECT
    settings.FIREBASE_CERTIFICATES_URL = f"http://127.0.0.1:{server.server_port}/certificates"
    firebase_certificates.certificates.cache_clear()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()
