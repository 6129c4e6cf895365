"""House rules of isolation, told by ``manage.py check``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, register
from django.db import models

from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager
from tenancy.models import Organization, TenantModel

OUR_APPS = frozenset(
    {"accounts", "alerts", "audit", "devices", "dexcom_sync", "patients", "readings", "reports", "simulator", "tenancy"}
)

# Tables that belong to no organization, each reviewed: what keeps one clinic's people from another's rows there.
GLOBAL_MODELS = {
    "tenancy.Organization": "a policy on its own id",
    "tenancy.PlatformKey": "wrapped keys; they open nothing without the key-encryption key",
    "accounts.User": "a policy on app.user_id; look-ups by definer functions",
    "accounts.RefreshFamily": "belongs to a person; reached only by the id inside a signed refresh token",
    "accounts.ExternalIdentity": "a policy on app.user_id; found at sign-in by a definer function",
    "accounts.OneTimeDevice": "a policy on app.user_id; the secret is sealed",
    "accounts.RecoveryCode": "a policy on app.user_id; digests only",
    "accounts.BrowserSession": "belongs to a person; found by a random key, and the data are signed",
}


@register()
def tenant_models_follow_the_house_rules(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    chosen = app_configs if app_configs is not None else apps.get_app_configs()
    labels = {config.label for config in chosen}
    messages: list[CheckMessage] = []
    for model in apps.get_models():
        if model._meta.app_label in labels & OUR_APPS:
            messages.extend(_faults(model))
    return messages


def _faults(model: type[models.Model]) -> Iterator[CheckMessage]:
    if not issubclass(model, TenantModel):
        if model._meta.label not in GLOBAL_MODELS:
            yield Error(
                f"{model._meta.label} belongs to no organization.",
                hint="Inherit from tenancy.models.TenantModel, or add it to GLOBAL_MODELS with the reason.",
                obj=model,
                id="tenancy.E001",
            )
        return
    if not isinstance(model._base_manager, TenantManager) or not isinstance(model._default_manager, TenantManager):
        yield Error(
            f"{model._meta.label} has a manager that does not name the organization.",
            hint="Use TenantManager.of(YourQuerySet) as objects, and inherit TenantModel.Meta.",
            obj=model,
            id="tenancy.E002",
        )
    yield from _key_faults(model)
    yield from _uniqueness_faults(model)


def _key_faults(model: type[models.Model]) -> Iterator[CheckMessage]:
    for field in model._meta.local_fields:
        if not isinstance(field, models.ForeignKey):
            continue
        target = field.remote_field.model
        if isinstance(target, type) and issubclass(target, TenantModel) and not isinstance(field, TenantForeignKey):
            yield Error(
                f"{model._meta.label}.{field.name} points to a tenant table by a plain ForeignKey.",
                hint="Use tenancy.fields.TenantForeignKey: its constraint names the organization.",
                obj=model,
                id="tenancy.E003",
            )
        if field.remote_field.on_delete not in (models.PROTECT, models.DO_NOTHING) and target is not Organization:
            yield Error(
                f"{model._meta.label}.{field.name} would delete or change rows by itself.",
                hint="on_delete is PROTECT or DO_NOTHING; services remove what has to go.",
                obj=model,
                id="tenancy.E004",
            )


def _uniqueness_faults(model: type[models.Model]) -> Iterator[CheckMessage]:
    unique_fields = [field.name for field in model._meta.local_fields if field.unique and not field.primary_key]
    constraints = [
        constraint
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and "organization" not in constraint.fields
    ]
    if unique_fields or constraints or model._meta.unique_together:
        names = unique_fields + [constraint.name for constraint in constraints]
        yield Error(
            f"{model._meta.label} is unique across organizations: {', '.join(names) or 'unique_together'}.",
            hint="Use a UniqueConstraint whose fields begin with organization: else it tells what others have.",
            obj=model,
            id="tenancy.E005",
        )
