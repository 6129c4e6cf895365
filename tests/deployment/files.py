"""What is deployed, parsed once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from scripts import generated

PROJECT = Path(__file__).resolve().parent.parent.parent
DEPLOY = PROJECT / "deploy"
COMPOSE_FILES = ("docker-compose.yml", "docker-compose.override.yml", "docker-compose.prod.yml")


class Loader(yaml.SafeLoader):
    """Knows compose's tag for a list that replaces the one of the file before."""


def replacing_list(loader: Loader, node: yaml.SequenceNode) -> list[Any]:
    return loader.construct_sequence(node, deep=True)


Loader.add_constructor("!override", replacing_list)


@cache
def compose(name: str) -> Any:
    return yaml.load((PROJECT / name).read_text(), Loader)  # noqa: S506 a SafeLoader


@cache
def documents(path: Path) -> list[Any]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


@cache
def known_settings() -> frozenset[str]:
    """Names that the code reads: it is parsed for them."""
    return frozenset(variable["name"] for variable in generated.variables())
