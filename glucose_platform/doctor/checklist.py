"""The production checklists of the systems before this one, item by item, by the names that they had there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings

from glucose_platform.doctor.findings import Finding, State

_WORST: tuple[State, ...] = ("problem", "not looked at", "warning", "ok")


@dataclass(frozen=True, slots=True)
class Item:
    """``parts``: the looks that show it; ``rule``: more that must hold: whether it does, what is wrong, what to do."""

    name: str
    parts: tuple[str, ...] = ()
    rule: Callable[[], tuple[bool, str, str]] | None = None
    shown_by: str = ""


def _debug() -> tuple[bool, str, str]:
    return not settings.DEBUG, "DEBUG is true: its pages show patients' data.", "Set DEBUG=false."


def _production() -> tuple[bool, str, str]:
    return settings.PRODUCTION, f"APP_ENV is {settings.APP_ENV}.", "Set APP_ENV=production."


def _strong_key() -> tuple[bool, str, str]:
    return len(settings.SECRET_KEY) >= 32, "SECRET_KEY has fewer than 32 characters.", "Draw 48 random ones."


def _origins() -> tuple[bool, str, str]:
    return "*" not in settings.CORS_ORIGINS, "CORS_ORIGINS lets every web page call the API.", "Name the origins."


def _monitoring() -> tuple[bool, str, str]:
    do = "Set METRICS_TOKEN and let a Prometheus ask /metrics (deploy/monitoring)."
    return bool(settings.METRICS_TOKEN), "METRICS_TOKEN is not set: nobody beyond this machine can watch.", do


def _limits() -> tuple[bool, str, str]:
    return bool(settings.RATE_LIMITS), "There are no limits.", "Give the settings LIMIT_…"


def _cookies() -> tuple[bool, str, str]:
    do = "Set APP_ENV=production."
    return settings.SESSION_COOKIE_SECURE and settings.SECURE_HSTS_SECONDS > 0, "Cookies also go over plain HTTP.", do


def _second_factor() -> tuple[bool, str, str]:
    return (
        settings.STAFF_SECOND_FACTOR == "required",
        "Staff may sign in by a password alone.",
        "STAFF_SECOND_FACTOR=required",
    )


def _dexcom_redirect() -> tuple[bool, str, str]:
    address = settings.DEXCOM_REDIRECT_URI
    return (
        not address or address.startswith("https://"),
        "DEXCOM_REDIRECT_URI is plain HTTP.",
        "Register an https address.",
    )


_APP, _EDGE = "database role glucose_app", "database role glucose_edge"
CHECKLISTS: dict[str, Sequence[Item]] = {
    "VerdoyLab": (
        Item("DEBUG=false", rule=_debug),
        Item("strong SECRET_KEY", ("secrets",), _strong_key),
        Item("PostgreSQL", (_APP, "migrations", "partitions")),
        Item("Redis", ("Redis or Valkey", "worker", "beat")),
        Item("CORS origins", rule=_origins),
        Item("monitoring and logging", ("log of PostgreSQL",), _monitoring),
        Item("backups", ("backups",)),
        Item("SSL/TLS", ("TLS",), _cookies),
        Item("rate limiting", ("Redis or Valkey",), _limits),
        Item("health checks", ("worker", "migrations"), shown_by="/health, /livez and /readyz"),
    ),
    "KOS": (
        Item("API keys for devices, JWT for users", ("settings",), shown_by="docs/security-checklist.md"),
        Item("per-device rate limit", ("Redis or Valkey",), shown_by="MAX_GLUCOSE_READING_RATE"),
        Item("strict validation", shown_by="docs/integrate-a-device.md"),
        Item("parameterised SQL", shown_by="docs/security-checklist.md"),
        Item("error logging", ("log of PostgreSQL",)),
        Item("audit all access for compliance", ("audit ledger",)),
        Item("critical alerts delivered reliably", ("worker", "beat", "mail")),
        Item("change default passwords", ("secrets",), _production),
        Item("secrets manager", ("settings",), shown_by="every setting also as NAME_FILE"),
        Item("TLS everywhere", ("TLS",), _cookies),
        Item("network segmentation", (_EDGE,), shown_by="deploy/kubernetes and docker-compose.yml"),
        Item("read-only DB user for queries", shown_by="glucose_support, DATABASE_PLATFORM_URL"),
        Item("cache in Redis with invalidation", ("Redis or Valkey",)),
    ),
    "Dexcom": (
        Item("encrypted storage of refresh tokens", ("encryption keys",)),
        Item("rate limiting, distributed by Redis", ("Redis or Valkey",)),
        Item("HTTPS in production", ("TLS",), _dexcom_redirect),
        Item("proper CORS", rule=_origins),
        Item("PKCE and state validation", shown_by="docs/dexcom.md"),
        Item("key backup", ("encryption keys",), shown_by="docs/encryption.md"),
        Item("never commit .env", shown_by="scripts/secret_scan.py"),
    ),
    "ours": (
        Item("second factor of staff", rule=_second_factor),
        Item("embedded services are not used", ("embedded services",)),
        Item("clocks agree", ("clock of the database", "clock of Redis or Valkey")),
        Item("room on the disk", ("disk",)),
    ),
}


def production(found: Sequence[Finding]) -> Iterator[Finding]:
    """Each item, with what the looks ``found`` say of it."""
    for checklist, items in CHECKLISTS.items():
        for item in items:
            yield _judged(f"{checklist}: {item.name}", item, found)


def _judged(name: str, item: Item, found: Sequence[Finding]) -> Finding:
    if item.rule is not None:
        holds, says, do = item.rule()
        if not holds:
            return Finding(name, "problem", says, do)
    about = [one for one in found if one.part in item.parts]
    if item.parts and not about:
        return Finding(name, "not looked at", "What shows it was not looked at, see above.")
    for state in _WORST[:-1]:
        for one in about:
            if one.state == state:
                return Finding(name, state, f"{one.part}: {one.says}", one.do)
    return Finding(name, "ok", f"The platform does it: {item.shown_by}." if item.shown_by else "As it should be.")
