"""Celery tasks say whose data they touch: one organization, named in the message, or the platform, with a reason."""

from __future__ import annotations

from typing import Any, ClassVar

from celery import Task

from tenancy.scope import ScopeError, organization_scope, required_organization_id

HEADER = "glucose_organization_id"


class OrganizationTask(Task[Any, Any]):
    """Runs in the scope of the organization that was current when it was sent. Without the header it refuses."""

    abstract = True

    def apply_async(self, *args: Any, headers: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        stamped = {**(headers or {}), HEADER: required_organization_id()}
        return super().apply_async(*args, headers=stamped, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        organization_id = (self.request.headers or {}).get(HEADER) or self.request.get(HEADER)
        if organization_id is None:
            raise ScopeError(f"{self.name} was sent without an organization.")
        with organization_scope(int(organization_id)):
            return super().__call__(*args, **kwargs)


class PlatformTask(Task[Any, Any]):
    """Touches no organization's rows; ``why`` says what it does for the platform as a whole."""

    abstract = True
    why: ClassVar[str]
