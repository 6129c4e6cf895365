"""Reading of environment variables: typed, each also from a file, all faults collected before anything starts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

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
