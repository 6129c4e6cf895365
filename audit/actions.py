"""What the ledger knows that people, keys and the platform do."""

from __future__ import annotations

from django.db import models


class Action(models.TextChoices):
    CREATE = "create", "Created"
    UPDATE = "update", "Changed"
    DELETE = "delete", "Deleted"
    READ = "read", "Looked at"
    LIST = "list", "Listed"
    EXPORT = "export", "Exported"
    IMPORT = "import", "Imported"
    LOGIN = "login", "Signed in"
    LOGOUT = "logout", "Signed out"
    LOGIN_FAILED = "login_failed", "Failed to sign in"
    PASSWORD_CHANGED = "password_changed", "Password changed"
    SECOND_FACTOR = "second_factor", "Second factor changed"
    SESSION_REVOKED = "session_revoked", "Session ended"
    DENIED = "denied", "Refused"
    KEY_USE_CHANGED = "key_use_changed", "Use of a key changed"
    SUPPORT_ACCESS = "support_access", "Platform support"
    EMERGENCY_ACCESS = "emergency_access", "Emergency access"
    CONSENT = "consent", "Consent"
    ROTATE = "rotate", "Keys rotated"
    SHRED = "shred", "Keys destroyed"
    EXPIRE = "expire", "Removed after the retention time"


class Outcome(models.TextChoices):
    DONE = "done", "Done"
    DENIED = "denied", "Refused"
    FAILED = "failed", "Failed"
