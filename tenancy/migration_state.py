"""Django's picture of the models between two migrations, kept up at less cost.

After each change Django renders every model anew that is related to the changed one, over any number of steps. All
tables here are related through the organization: 70 migrations rendered 10,000 models, which took nine tenths of
their time. A changed model, and those that point at it, are enough: what they point at is found by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.state import ProjectState

Key = tuple[str, str]


@contextmanager
def rendering_only_what_changed() -> Iterator[None]:
    former = ProjectState._find_reload_model  # type: ignore[attr-defined]
    ProjectState._find_reload_model = _changed_and_pointing  # type: ignore[attr-defined]
    try:
        yield
    finally:
        ProjectState._find_reload_model = former  # type: ignore[attr-defined]


def _changed_and_pointing(state: Any, app_label: str, model_name: str, delay: bool = False) -> set[Key]:
    """In the place of ``ProjectState._find_reload_model``; ``delay`` is for those that are found over many steps."""
    found = {(app_label, model_name)}
    try:
        rendered: Any = state.apps.get_model(app_label, model_name)
    except LookupError:
        return found
    relations = (field for field in rendered._meta.get_fields(include_hidden=True) if field.auto_created)
    pointing = (field.related_model for field in relations if field.is_relation and field.related_model)
    return found | {_key(model) for model in (*pointing, *rendered.__subclasses__())}


def _key(model: Any) -> Key:
    return model._meta.app_label, model._meta.model_name
