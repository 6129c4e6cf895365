"""Reading of environment variables: typed, each also from a file, all faults collected before anything starts."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from limits import parse as parse_rate

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}
# In the help of a setting that is read and checked, and has no effect before its feature comes.
NOT_USED_YET = "not used yet"


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting that operators can give; the documents' table of settings is made from these."""

    name: str
    default: str
    help: str
    secret: bool = False


KEY_BYTES = 32
KEYRING_FORM = '{"active": "2026-11", "keys": {"2026-11": "<32 bytes in base64>"}}'


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys of 32 bytes by name. ``active`` makes what is new; the others still read what was made with them."""

    active: str
    keys: Mapping[str, bytes] = field(repr=False)

    @property
    def active_key(self) -> bytes:
        return self.keys[self.active]


class KeysMissing(RuntimeError):
    """Keys are used that a setting should have given; the text names it."""


class MissingKeys(Mapping[str, bytes]):
    """Of a setting that gives none: every use says so, and nothing is made with a key that anybody could compute."""

    def __init__(self, problem: str) -> None:
        self._problem = problem

    def __getitem__(self, name: str) -> bytes:
        raise KeysMissing(self._problem)

    def __iter__(self) -> Iterator[str]:
        raise KeysMissing(self._problem)

    def __len__(self) -> int:
        raise KeysMissing(self._problem)


def keyring_from_text(text: str) -> Keyring:
    """Raises ValueError, without a word of the text, where it is not of the form KEYRING_FORM."""
    try:
        parsed = json.loads(text)
        active, keys = parsed["active"], parsed["keys"]
        decoded = {str(name): base64.b64decode(key, validate=True) for name, key in keys.items()}
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error):
        raise ValueError("it cannot be read") from None
    if any(len(key) != KEY_BYTES for key in decoded.values()):
        raise ValueError(f"each key has {KEY_BYTES} bytes")
    if active not in decoded:
        raise ValueError("the active key is not among the keys")
    return Keyring(str(active), decoded)


@dataclass(slots=True)
class Env:
    """Reads variables and remembers what was wrong, so that one start names every fault instead of the first.

    ``NAME_FILE`` names a file that holds the value (container secrets); ``NAME`` itself wins where both are given.
    """

    environ: Mapping[str, str]
    variables: dict[str, Variable] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def text(self, name: str, default: str = "", *, help: str, secret: bool = False) -> str:
        self.variables[name] = Variable(name, "" if secret else default, help, secret)
        value = self._raw(name)
        return default if value is None else value

    def required(self, name: str, *, help: str, advice: str, secret: bool = False) -> str:
        """A value that the platform cannot serve without; ``advice`` is the sentence that says what to do."""
        value = self.text(name, help=help, secret=secret)
        if not value:
            self.problems.append(f"{name} is not set. {advice}")
        return value

    def integer(self, name: str, default: int, *, help: str, minimum: int = 0, maximum: int | None = None) -> int:
        value = self.text(name, str(default), help=help)
        try:
            number = int(value)
        except ValueError:
            self.problems.append(f"{name} must be a whole number, not {value!r}.")
            return default
        if number < minimum:
            self.problems.append(f"{name} must be at least {minimum}, not {number}.")
            return default
        if maximum is not None and number > maximum:
            self.problems.append(f"{name} must be at most {maximum}, not {number}.")
            return default
        return number

    def boolean(self, name: str, default: bool, *, help: str) -> bool:
        value = self.text(name, "true" if default else "false", help=help).strip().lower()
        if value in TRUE_WORDS:
            return True
        if value not in FALSE_WORDS:
            self.problems.append(f"{name} must be true or false, not {value!r}.")
        return False

    def choice(self, name: str, default: str, choices: tuple[str, ...], *, help: str) -> str:
        value = self.text(name, default, help=help)
        if value not in choices:
            self.problems.append(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
            return default
        return value

    def items(self, name: str, default: tuple[str, ...] = (), *, help: str) -> list[str]:
        """A list: JSON (``["a", "b"]``) or values separated by commas."""
        value = self.text(name, ",".join(default), help=help).strip()
        if value.startswith("["):
            try:
                parsed = json.loads(value)
            except ValueError:
                parsed = None
            if not isinstance(parsed, list) or not all(isinstance(item, str) for item in parsed):
                self.problems.append(f"{name} must be a JSON list of strings or values separated by commas.")
                return list(default)
            return parsed
        return [item.strip() for item in value.split(",") if item.strip()]

    def rate(self, name: str, default: str, *, help: str) -> str:
        """How many in what time, as the limits library writes it: ``5/15 minutes``."""
        value = self.text(name, default, help=help)
        try:
            parse_rate(value)
        except ValueError:
            self.problems.append(f"{name} must be a number and a time, such as {default}, not {value!r}.")
            return default
        return value

    def keyring(self, name: str, *, derive_from: str | None, help: str, optional: bool = False) -> Keyring:
        """Keys as JSON. ``derive_from``: a secret that those of demo follow from; None: they must be given.

        ``optional``: they need not be given, and there are none then.
        """
        text = self.text(name, help=f"{help}; JSON: {KEYRING_FORM}", secret=True)
        if text:
            try:
                return keyring_from_text(text)
            except ValueError as error:
                return self._missing_keyring(f"{name} is not of the form {KEYRING_FORM}: {error}.")
        if derive_from is not None:
            derived = hmac.new(derive_from.encode(), name.encode(), hashlib.sha256).digest()
            return Keyring("derived", {"derived": derived})
        if optional:
            return Keyring("", {})
        return self._missing_keyring(
            f"{name} is not set. `manage.py keys generate` prints what a new installation needs."
        )

    def _missing_keyring(self, problem: str) -> Keyring:
        self.problems.append(problem)
        return Keyring("", MissingKeys(problem))

    def refuse(self, name: str, advice: str) -> None:
        """A name of an earlier system that would be silently without effect here."""
        if self.environ.get(name) or self.environ.get(f"{name}_FILE"):
            self.problems.append(f"{name} is not used here. {advice}")

    def _raw(self, name: str) -> str | None:
        if name in self.environ:
            return self.environ[name]
        path = self.environ.get(f"{name}_FILE")
        if path is None:
            return None
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{name}_FILE cannot be read: {error.__class__.__name__}.")
            return None


def database_from_url(url: str) -> dict[str, object]:
    """Django's form of a PostgreSQL URL; ``?host=/directory`` names a Unix socket."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("a database URL starts with postgresql://")
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", parts.hostname or "")
    port = query.pop("port", str(parts.port or ""))
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "OPTIONS": dict(query),
    }
