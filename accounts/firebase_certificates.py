"""The certificates that sign ID tokens: fetched when needed, kept as long as they may be, and read with distrust."""

from __future__ import annotations

import json
import re
import threading
import time
from datetime import UTC, datetime
from functools import cache

import httpx
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tenancy.refusals import Refusal

ANSWER_SECONDS = 5.0
LARGEST_ANSWER, MOST_CERTIFICATES = 64 * 1024, 20
SMALLEST_KEY_BITS = 2048
# A name that nobody knows makes us ask again, but no oftener than this; nor does a server that does not answer.
BETWEEN_QUESTIONS = 60.0
KEPT_USUALLY, KEPT_AT_MOST = 300.0, 86_400.0
_MAX_AGE = re.compile(r"max-age=(\d{1,9})")

log = structlog.get_logger(__name__)


class CertificatesAway(Refusal):
    status_code = 503
    wait = BETWEEN_QUESTIONS

    def __init__(self) -> None:
        super().__init__("Signing in with Firebase is not possible at the moment. Please try again in a minute.")


class Certificates:
    """Of one address. One thread asks, the others wait for its answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lock = threading.Lock()
        self.keys: dict[str, RSAPublicKey] = {}
        self.good_until = 0.0
        self.asked_at = 0.0

    def key(self, name: str) -> RSAPublicKey | None:
        """None for a name that is not published. Raises CertificatesAway where none can be had."""
        with self.lock:
            now = time.time()
            is_old = now >= self.good_until
            if (is_old or name not in self.keys) and now - self.asked_at >= BETWEEN_QUESTIONS:
                self.asked_at = now
                is_old = not self._ask(now) and is_old
            if is_old:
                raise CertificatesAway
            return self.keys.get(name)

    def _ask(self, now: float) -> bool:
        """Whether there are fresh ones; what was known before stays good as long as it was promised."""
        try:
            self.keys, kept_for = _fetch(self.url)
        except (httpx.HTTPError, ValueError, TypeError, RecursionError) as error:
            log.warning("firebase_certificates_refused", reason=type(error).__name__, url=self.url)
            return False
        self.good_until = now + kept_for
        return True


@cache
def certificates(url: str) -> Certificates:
    return Certificates(url)


def _fetch(url: str) -> tuple[dict[str, RSAPublicKey], float]:
    """Keys by name, and the seconds for which they may be kept. Raises what ``_ask`` catches."""
    deadline = time.monotonic() + ANSWER_SECONDS
    body = b""
    # Not compressed: a few kilobytes could unfold to a gigabyte. Redirects are not followed.
    plain = {"Accept-Encoding": "identity"}
    with httpx.Client(timeout=ANSWER_SECONDS, headers=plain) as http, http.stream("GET", url) as answer:
        if answer.status_code != httpx.codes.OK:
            raise ValueError("not answered with 200")
        for piece in answer.iter_raw():
            body += piece
            if len(body) > LARGEST_ANSWER or time.monotonic() > deadline:
                raise ValueError("too large or too slow")
        kept = _MAX_AGE.search(answer.headers.get("Cache-Control", ""))
    kept_for = float(kept[1]) if kept else KEPT_USUALLY
    return _keys(json.loads(body)), min(max(kept_for, BETWEEN_QUESTIONS), KEPT_AT_MOST)


def _keys(published: object) -> dict[str, RSAPublicKey]:
    if not isinstance(published, dict) or not 1 <= len(published) <= MOST_CERTIFICATES:
        raise ValueError("not a few certificates by name")
    return {name: _key(text) for name, text in published.items()}


def _key(text: object) -> RSAPublicKey:
    if not isinstance(text, str):
        raise TypeError("not a certificate")
    certificate = x509.load_pem_x509_certificate(text.encode())
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY_BITS:
        raise ValueError("not an RSA key of a size that is safe")
    if not certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc:
        raise ValueError("not valid at this time")
    return key
