"""What holds for every way into a clinic: who may make whom, and which role goes with a patient."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError

from accounts.roles import Role


def refuse_to_hand_out_ownership(acting_role: str | None, *roles: str | None) -> None:
    """``acting_role``: of the member who acts; None for an operator. ``roles``: those that are given and taken."""
    if acting_role not in (None, Role.OWNER) and Role.OWNER in roles:
        raise PermissionDenied("Only an owner may make, change or remove an owner.")


def refuse_unfitting_role(role: str, patient_id: int | None) -> None:
    if role not in Role.values:
        raise ValidationError({"role": f"{role} is not a role. Roles: {', '.join(Role.values)}."})
    if (role == Role.PATIENT) != (patient_id is not None):
        raise ValidationError({"role": "The role patient goes with a patient, and only with one."})
