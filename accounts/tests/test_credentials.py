from __future__ import annotations

import pytest
from django.http.request import HttpHeaders

from accounts.credentials import Credential, sent_credential


@pytest.mark.parametrize(
    ("headers", "credential"),
    [
        ({}, None),
        ({"x-api-key": "glp_1"}, Credential("key", "glp_1")),
        ({"x-api-key": "a.b.c"}, Credential("key", "a.b.c")),
        ({"authorization": "Bearer glp_1"}, Credential("key", "glp_1")),
        ({"authorization": "Bearer a.b.c"}, Credential("token", "a.b.c")),
        ({"authorization": "bEARER   a.b.c "}, Credential("token", "a.b.c")),
        ({"authorization": "Bearer a.b"}, Credential("key", "a.b")),
        ({"authorization": "Bearer a.b.c.d"}, Credential("key", "a.b.c.d")),
        ({"authorization": "Bearer"}, None),
        ({"authorization": "Bearer  "}, None),
        ({"authorization": "Basic a.b.c"}, None),
        ({"authorization": "a.b.c"}, None),
        ({"x-api-key": "", "authorization": "Bearer a.b.c"}, Credential("token", "a.b.c")),
        ({"x-api-key": "glp_1", "authorization": "Bearer a.b.c"}, Credential("key", "glp_1")),
    ],
)
def test_a_request_presents_one_credential(headers: dict[str, str], credential: Credential | None) -> None:
    assert sent_credential(headers) == credential


def test_headers_of_django_are_found_too() -> None:
    assert sent_credential(HttpHeaders({"HTTP_X_API_KEY": "glp_1"})) == Credential("key", "glp_1")
    assert sent_credential(HttpHeaders({"HTTP_AUTHORIZATION": "Bearer a.b.c"})) == Credential("token", "a.b.c")
