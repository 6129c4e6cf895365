"""Each house rule is broken by a model of its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import models
from django.test.utils import isolate_apps

from tenancy import checks
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager
from tenancy.models import TenantModel


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the checks say about the models that a test makes."""

    def run(*made: type[models.Model]) -> list[tuple[str | None, str]]:
        registry = SimpleNamespace(get_models=lambda: made, get_app_configs=lambda: [SimpleNamespace(label="tenancy")])
        monkeypatch.setattr(checks, "apps", registry)
        return [(message.id, message.msg) for message in checks.tenant_models_follow_the_house_rules()]

    return run


def test_our_models_follow_the_house_rules() -> None:
    assert checks.tenant_models_follow_the_house_rules() == []


@isolate_apps("tenancy")
def test_a_sound_model_has_no_fault(faults: Any) -> None:
    class Sound(TenantModel):
        name = models.CharField(max_length=9)

        class Meta(TenantModel.Meta):
            app_label = "tenancy"
            constraints = [models.UniqueConstraint(fields=["organization", "name"], name="sound_name")]

    class Child(TenantModel):
        sound = TenantForeignKey(Sound)

        class Meta(TenantModel.Meta):
            app_label = "tenancy"

    assert faults(Sound, Child) == []


@isolate_apps("tenancy")
def test_a_model_without_an_organization(faults: Any) -> None:
    class Loose(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "tenancy"

    assert faults(Loose) == [("tenancy.E001", "tenancy.Loose belongs to no organization.")]


@isolate_apps("tenancy")
def test_a_manager_that_names_no_organization(faults: Any) -> None:
    class Plain(TenantModel):
        objects = models.Manager()

        class Meta(TenantModel.Meta):
            app_label = "tenancy"

    class OtherBase(TenantModel):
        objects = TenantManager()
        plain = models.Manager()

        class Meta(TenantModel.Meta):
            app_label = "tenancy"
            base_manager_name = "plain"

    assert [fault for fault, _ in faults(Plain, OtherBase)] == ["tenancy.E002"] * 2


@isolate_apps("tenancy")
def test_a_plain_foreign_key_to_a_tenant_table(faults: Any) -> None:
    class Parent(TenantModel):
        class Meta(TenantModel.Meta):
            app_label = "tenancy"

    class Child(TenantModel):
        parent = models.ForeignKey(Parent, models.PROTECT)

        class Meta(TenantModel.Meta):
            app_label = "tenancy"

    assert faults(Child) == [("tenancy.E003", "tenancy.Child.parent points to a tenant table by a plain ForeignKey.")]


@isolate_apps("tenancy")
@pytest.mark.parametrize("on_delete", [models.CASCADE, models.SET_NULL])
def test_rows_that_would_be_removed_by_themselves(faults: Any, on_delete: Any) -> None:
    class Parent(TenantModel):
        class Meta(TenantModel.Meta):
            app_label = "tenancy"

    class Child(TenantModel):
        parent = TenantForeignKey(Parent, on_delete, null=True)

        class Meta(TenantModel.Meta):
            app_label = "tenancy"

    assert [fault for fault, _ in faults(Child)] == ["tenancy.E004"]


@isolate_apps("tenancy")
def test_what_is_unique_across_organizations(faults: Any) -> None:
    class Field(TenantModel):
        name = models.CharField(max_length=9, unique=True)

        class Meta(TenantModel.Meta):
            app_label = "tenancy"

    class Constraint(TenantModel):
        name = models.CharField(max_length=9)

        class Meta(TenantModel.Meta):
            app_label = "tenancy"
            constraints = [models.UniqueConstraint(fields=["name"], name="name_alone")]

    class Together(TenantModel):
        name = models.CharField(max_length=9)

        class Meta(TenantModel.Meta):
            app_label = "tenancy"
            unique_together = [("name", "id")]

    class OneToOne(TenantModel):
        other = models.OneToOneField(Field, models.PROTECT)

        class Meta(TenantModel.Meta):
            app_label = "tenancy"

    assert [fault for fault, _ in faults(Field, Constraint, Together)] == ["tenancy.E005"] * 3
    assert {fault for fault, _ in faults(OneToOne)} >= {"tenancy.E003", "tenancy.E005"}
