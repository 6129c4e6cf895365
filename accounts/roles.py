"""What each role may do: the one table that REST, the admin and ``has_perm`` read.

Permissions have Django's form ``app.action_model``, so that the admin needs no translation.
"""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    CLINICIAN = "clinician"
    NURSE = "nurse"
    VIEWER = "viewer"
    PATIENT = "patient"


# Not a role that a clinic gives: the platform's support, for an hour and with a reason (accounts.SupportAccess).
SUPPORT = "support"
STAFF_ROLES = frozenset(Role.values) - {Role.PATIENT.value} | {SUPPORT}

_LOOK = {
    "patients.view_patient",
    "patients.view_admission",
    "patients.view_careteammember",
    "patients.view_consent",
    "devices.view_device",
    "devices.view_assignment",
    "devices.view_devicecommand",
    "devices.view_commandtemplate",
    "readings.view_glucosereading",
    "alerts.view_episode",
    "alerts.view_rule",
    "alerts.view_patientrule",
    "dexcom_sync.view_connection",
    "reports.view_carestate",
    "vitals.view_measurement",
}
_CARE = _LOOK | {
    "patients.view_historyentry",
    "patients.add_historyentry",
    "patients.change_historyentry",
    "patients.add_patient",
    "patients.add_admission",
    "patients.change_admission",
    "patients.change_patient",
    # By importing a file that the patient brings to the visit.
    "readings.add_glucosereading",
    "devices.change_device",
    "devices.view_devicelog",
    "devices.add_assignment",
    "devices.change_assignment",
    "devices.add_devicecommand",
    "devices.change_devicecommand",
    "patients.add_consent",
    "patients.change_consent",
    "patients.add_emergencyaccess",
    "accounts.add_removalrequest",
    "alerts.change_episode",
    # By the emergency button.
    "alerts.add_episode",
    # Who is told of an alarm, and whether they were.
    "alerts.view_channel",
    "alerts.view_delivery",
    "dexcom_sync.add_connection",
    "dexcom_sync.change_connection",
    # That an account which Dexcom answered about is this patient's: a patient cannot vouch for that.
    "dexcom_sync.accept_connection",
    "reports.change_carestate",
    "reports.view_seenact",
    "vitals.add_measurement",
    "vitals.change_measurement",
    "vitals.delete_measurement",
    "vitals.add_observation",
}
_MANAGE = _CARE | {
    "patients.delete_patient",
    "devices.add_device",
    "devices.delete_device",
    "devices.view_devicekey",
    "devices.add_devicekey",
    "devices.change_devicekey",
    "devices.delete_devicekey",
    # Firmware, resets, and what only the device understands.
    "devices.operate_devicecommand",
    "devices.add_commandtemplate",
    "devices.change_commandtemplate",
    "devices.delete_commandtemplate",
    "devices.view_claimcode",
    "devices.add_claimcode",
    "devices.delete_claimcode",
    "accounts.view_membership",
    "accounts.add_membership",
    "accounts.change_membership",
    "accounts.delete_membership",
    "accounts.view_invitation",
    "accounts.add_invitation",
    "accounts.change_invitation",
    "accounts.view_removalrequest",
    "accounts.change_removalrequest",
    "accounts.view_supportaccess",
    "accounts.change_supportaccess",
    "accounts.view_subscription",
    "patients.add_careteammember",
    "patients.delete_careteammember",
    "patients.view_emergencyaccess",
    "alerts.change_channel",
    "tenancy.view_organization",
    "audit.view_entry",
    "audit.export_entry",
}

# Beyond looking: a file leaves the platform.
_EXPORT = {"readings.export_glucosereading"}
_DEVICE_FILES = {"devices.export_device"}
# What is an alarm is decided by those who treat, and by those who answer for the clinic.
_RULES = {"alerts.change_rule", "vitals.add_oxygenscale"}

PERMISSIONS: dict[str, frozenset[str]] = {
    Role.OWNER.value: frozenset(
        # Who pays: owners alone.
        _MANAGE | _RULES | _EXPORT | _DEVICE_FILES | {"tenancy.change_organization", "accounts.change_subscription"}
    ),
    Role.ADMIN.value: frozenset(_MANAGE | _RULES | _EXPORT | _DEVICE_FILES | {"tenancy.change_organization"}),
    Role.CLINICIAN.value: frozenset(_CARE | _RULES | _EXPORT | _DEVICE_FILES),
    Role.NURSE.value: frozenset(_CARE),
    Role.VIEWER.value: frozenset(_LOOK | {"alerts.add_episode"}),
    SUPPORT: frozenset(
        _LOOK
        | {"tenancy.view_organization", "accounts.view_membership", "devices.view_devicekey", "devices.view_claimcode"}
        | {"alerts.view_channel", "alerts.view_delivery"}
    ),
    # A patient's login sees only its own rows: the database's second policy holds that.
    Role.PATIENT.value: frozenset(
        {
            "readings.view_glucosereading",
            "patients.view_historyentry",
            "patients.view_admission",
            "alerts.view_episode",
            "alerts.add_episode",
            "alerts.view_patientrule",
            "dexcom_sync.view_connection",
            "dexcom_sync.add_connection",
            "dexcom_sync.change_connection",
            "vitals.view_measurement",
            "vitals.add_measurement",
            "vitals.change_measurement",
            "vitals.delete_measurement",
        }
        | _EXPORT
    ),
}


def role_allows(role: str | None, permission: str) -> bool:
    return role is not None and permission in PERMISSIONS.get(role, frozenset())
