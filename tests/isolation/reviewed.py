"""What the database's catalogue is compared with. A change here is a change of who may see what: review it as such.

A new tenant table needs a line in TENANT_TABLES; everything else about it follows from that line.
"""

from __future__ import annotations

from tenancy import roles

READ_WRITE = frozenset({"SELECT", "INSERT", "UPDATE"})
APPEND = frozenset({"SELECT", "INSERT"})
EVERYTHING = READ_WRITE | {"DELETE"}
READ = frozenset({"SELECT"})

# In the place of a patient's column: who sees which rows besides.
ALL_STAFF = "all staff; a patient's login where patient_id names it"
STAFF_ONLY = "no patient's login sees any row"

# Table: the column that names the patient, None where rows belong to no patient and every login of the clinic may see
# them, or one of the two sentences above; what the app role may do.
TENANT_TABLES: dict[str, tuple[str | None, frozenset[str]]] = {
    "alerts_channel": (STAFF_ONLY, READ_WRITE),
    "alerts_clinicalarms": (None, READ_WRITE),
    "alerts_contact": (STAFF_ONLY, EVERYTHING),
    "alerts_delivery": ("patient_id", READ_WRITE),
    "alerts_episode": ("patient_id", READ_WRITE),
    "alerts_episodeevent": ("patient_id", APPEND),
    "alerts_latereadings": ("patient_id", APPEND),
    "alerts_patientalarms": ("patient_id", READ_WRITE),
    "alerts_patientevaluation": ("patient_id", READ_WRITE),
    "alerts_patientrule": ("patient_id", EVERYTHING),
    "alerts_rule": (None, EVERYTHING),
    "alerts_rulegroup": (None, EVERYTHING),
    "alerts_snooze": ("patient_id", EVERYTHING),
    "accounts_billingrecord": (STAFF_ONLY, READ_WRITE),
    "accounts_invitation": (STAFF_ONLY, READ_WRITE),
    "accounts_membership": (ALL_STAFF, READ_WRITE),
    "accounts_paymentmethod": (STAFF_ONLY, EVERYTHING),
    "accounts_planretention": (STAFF_ONLY, EVERYTHING),
    "accounts_providerevent": (STAFF_ONLY, APPEND),
    "accounts_removalrequest": (STAFF_ONLY, READ_WRITE),
    "accounts_subscription": (None, READ_WRITE),
    "accounts_usageday": (STAFF_ONLY, READ_WRITE),
    "accounts_supportaccess": (STAFF_ONLY, READ_WRITE),
    "patients_admission": ("patient_id", READ_WRITE),
    "patients_careteammember": ("patient_id", EVERYTHING),
    "patients_consent": ("patient_id", READ_WRITE),
    "patients_emergencyaccess": (STAFF_ONLY, READ_WRITE),
    "audit_entry": (None, READ),
    "audit_seal": (None, APPEND),
    "devices_assignment": ("patient_id", READ_WRITE),
    "devices_battery": (STAFF_ONLY, READ_WRITE),
    "devices_calibration": (STAFF_ONLY, APPEND),
    "devices_device": (None, READ_WRITE),
    "devices_devicekey": (None, READ_WRITE),
    "devices_devicelog": (STAFF_ONLY, APPEND | {"DELETE"}),
    "devices_devicesettings": (STAFF_ONLY, READ_WRITE),
    "devices_devicestate": (STAFF_ONLY, READ_WRITE),
    "devices_heartbeatsample": (STAFF_ONLY, APPEND),
    "devices_claimcode": (STAFF_ONLY, READ_WRITE),
    "devices_commandstep": (STAFF_ONLY, APPEND | {"DELETE"}),
    "devices_commandtemplate": (STAFF_ONLY, EVERYTHING),
    "devices_devicecommand": (STAFF_ONLY, EVERYTHING),
    "devices_presence": (STAFF_ONLY, READ_WRITE),
    "dexcom_sync_alert": ("patient_id", EVERYTHING),
    "dexcom_sync_calibration": ("patient_id", EVERYTHING),
    "dexcom_sync_connection": ("patient_id", READ_WRITE),
    "dexcom_sync_connectrequest": ("patient_id", EVERYTHING),
    "dexcom_sync_devicesettings": ("patient_id", EVERYTHING),
    "dexcom_sync_egv": ("patient_id", EVERYTHING),
    "dexcom_sync_event": ("patient_id", EVERYTHING),
    "dexcom_sync_formerrecord": ("patient_id", EVERYTHING),
    "dexcom_sync_progress": ("patient_id", EVERYTHING),
    "dexcom_sync_quarantinedrecord": ("patient_id", EVERYTHING),
    "dexcom_sync_rawpage": ("patient_id", EVERYTHING),
    "dexcom_sync_source": ("patient_id", EVERYTHING),
    "dexcom_sync_token": ("patient_id", EVERYTHING),
    "patients_historyamendment": ("patient_id", READ_WRITE),
    "patients_historyentry": ("patient_id", READ_WRITE),
    "patients_patient": ("id", READ_WRITE),
    "readings_amendment": ("patient_id", APPEND),
    "readings_daysummary": ("patient_id", EVERYTHING),
    "readings_dirtyday": ("patient_id", APPEND | {"DELETE"}),
    "readings_evaluationmark": ("patient_id", EVERYTHING),
    "readings_glucosereading": ("patient_id", APPEND),
    "readings_importjob": ("patient_id", READ_WRITE),
    "readings_patientstate": ("patient_id", READ_WRITE),
    "readings_sensorvalue": (STAFF_ONLY, READ | {"DELETE"}),
    "reports_batchreport": ("patient_id", EVERYTHING),
    "reports_carestate": ("patient_id", READ_WRITE),
    "reports_recentdays": ("patient_id", READ_WRITE),
    "reports_reportbatch": (STAFF_ONLY, EVERYTHING),
    "reports_savedview": (STAFF_ONLY, EVERYTHING),
    "reports_seenact": ("patient_id", READ_WRITE),
    "vitals_activity": ("patient_id", EVERYTHING),
    "vitals_goal": ("patient_id", EVERYTHING),
    "vitals_healthscore": ("patient_id", EVERYTHING),
    "vitals_measurement": ("patient_id", EVERYTHING),
    "vitals_observation": ("patient_id", APPEND),
    "vitals_oxygenscale": ("patient_id", APPEND),
    # Wrapped keys. A patient's login opens its own history with them.
    "tenancy_datakey": (None, EVERYTHING),
}

# Tables without an organization: what the app role may do, and why that shows nobody another clinic's rows.
GLOBAL_TABLES: dict[str, tuple[frozenset[str], str]] = {
    "tenancy_organization": (READ_WRITE, "a policy on its own id"),
    "tenancy_platformkey": (READ_WRITE, "wrapped keys; they open nothing without the key-encryption key"),
    "accounts_user": (READ, "a policy on app.user_id; made and looked up by definer functions"),
    "accounts_externalidentity": (
        APPEND | {"DELETE"},
        "a policy on app.user_id; found at sign-in by a definer function",
    ),
    "accounts_refreshfamily": (EVERYTHING, "a person's sign-ins, found by the id inside a signed token; no names"),
    "accounts_onetimedevice": (EVERYTHING, "a policy on app.user_id; the secret is sealed"),
    "accounts_recoverycode": (EVERYTHING, "a policy on app.user_id; digests only"),
    "accounts_browsersession": (EVERYTHING, "found by a random key; the data are signed"),
    "django_session": (frozenset(), "comes with Django, not used: sessions of ours know whose they are"),
    "django_content_type": (READ, "names of models"),
    "django_migrations": (READ, "readiness compares them with the code"),
    "auth_group": (frozenset(), "comes with Django, not used: the app role may not touch it"),
    "auth_group_permissions": (frozenset(), "comes with Django, not used"),
    "auth_permission": (frozenset(), "comes with Django, not used"),
    "django_admin_log": (frozenset(), "would show names between clinics: not used"),
}


def patient_column(table: str) -> str | None:
    """The column by which a table's rows are a patient's."""
    line = TENANT_TABLES[table][0]
    return {ALL_STAFF: "patient_id", STAFF_ONLY: None}.get(line or "", line)


# Where staff who are limited to their patients see those patients' rows only.
LIMITED_TABLES = [table for table, (line, _) in TENANT_TABLES.items() if line not in (None, ALL_STAFF, STAFF_ONLY)]

# What the data plane reaches, for the organizations that its transaction names; its rights by column stand below.
EDGE_TABLES = (
    "accounts_membership",
    "audit_entry",
    "devices_assignment",
    "devices_device",
    "devices_commandstep",
    "devices_devicecommand",
    "devices_devicekey",
    "devices_devicelog",
    "devices_devicesettings",
    "devices_devicestate",
    "devices_heartbeatsample",
    "devices_presence",
    "patients_patient",
    "readings_daysummary",
    "readings_dirtyday",
    "readings_evaluationmark",
    "readings_glucosereading",
    "readings_patientstate",
    "readings_sensorvalue",
    "vitals_measurement",
)

_ORGANIZATION = "({column} = (current_setting('app.organization_id'::text))::bigint)"
_PATIENT = (
    "CASE current_setting('app.patient_id'::text) WHEN '*'::text THEN true ELSE ({column} = ANY "
    "((string_to_array((ltrim(current_setting('app.patient_id'::text), '*'::text) || ',0'::text), ','::text))"
    "::bigint[])) END"
)
_LOGIN = (
    "CASE \"left\"(current_setting('app.patient_id'::text), 1) WHEN '*'::text THEN true "
    "ELSE (patient_id = (current_setting('app.patient_id'::text))::bigint) END"
)
_EDGE = "(organization_id = ANY ((current_setting('app.organization_ids'::text))::bigint[]))"
_STAFF = "(\"left\"(current_setting('app.patient_id'::text), 1) = '*'::text)"
_ALL_PATIENTS = "(current_setting('app.patient_id'::text) = '*'::text)"
_PERSON = "(user_id = (current_setting('app.user_id'::text))::bigint)"
_USER = "(id = (current_setting('app.user_id'::text))::bigint)"


def _policy(name: str, command: str, kind: str, role: str, using: str, check: str | None) -> str:
    return "|".join((name, command, kind, role, using, check or "-"))


def tenant_policies(patient_column: str | None, organization_column: str = "organization_id") -> set[str]:
    line = _ORGANIZATION.format(column=organization_column)
    policies = {
        _policy("organization", "ALL", "PERMISSIVE", roles.APP, line, line),
        _policy("support_reads", "SELECT", "PERMISSIVE", roles.SUPPORT, "true", None),
    }
    if patient_column:
        name = "staff_only" if patient_column == STAFF_ONLY else "own_patient"
        line = {STAFF_ONLY: _STAFF, ALL_STAFF: _LOGIN}.get(patient_column) or _PATIENT.format(column=patient_column)
        policies.add(_policy(name, "ALL", "RESTRICTIVE", roles.APP, line, line))
    return policies


POLICIES: dict[str, set[str]] = {
    **{table: tenant_policies(patient_column) for table, (patient_column, _) in TENANT_TABLES.items()},
    "tenancy_organization": tenant_policies(None, organization_column="id"),
    # Everybody adds to the ledger; only staff who may see every patient read it.
    **{
        table: tenant_policies(None) | {_policy("staff_reads", "SELECT", "RESTRICTIVE", roles.APP, _ALL_PATIENTS, None)}
        for table in ("audit_entry", "audit_seal")
    },
    **{
        table: {_policy("own_account", "ALL", "PERMISSIVE", roles.APP, _PERSON, _PERSON)}
        for table in ("accounts_externalidentity", "accounts_onetimedevice", "accounts_recoverycode")
    },
    "accounts_user": {_policy("own_account", "ALL", "PERMISSIVE", roles.APP, _USER, _USER)},
}

for _table in EDGE_TABLES:
    POLICIES[_table] = POLICIES[_table] | {_policy("data_plane", "ALL", "PERMISSIVE", roles.EDGE, _EDGE, _EDGE)}

# What roles other than the app may do with whole tables.
OTHER_GRANTS: dict[tuple[str, str], frozenset[str]] = {
    **{(table, roles.SUPPORT): READ for table in (*TENANT_TABLES, "tenancy_organization")},
    ("accounts_user", roles.LOOKUP): APPEND,
    ("accounts_membership", roles.LOOKUP): READ,
    ("accounts_externalidentity", roles.LOOKUP): READ,
    ("accounts_invitation", roles.LOOKUP): READ,
    ("accounts_supportaccess", roles.LOOKUP): READ,
    ("devices_devicekey", roles.LOOKUP): READ,
    ("devices_devicelog", roles.EDGE): frozenset({"INSERT", "DELETE"}),
    ("devices_devicestate", roles.EDGE): READ_WRITE,
    ("devices_heartbeatsample", roles.EDGE): frozenset({"INSERT"}),
    ("patients_careteammember", roles.LOOKUP): READ,
    ("patients_emergencyaccess", roles.LOOKUP): READ,
    ("accounts_refreshfamily", roles.LOOKUP): READ,
    ("readings_daysummary", roles.EDGE): READ,
    ("readings_dirtyday", roles.EDGE): frozenset({"INSERT"}),
    ("readings_evaluationmark", roles.EDGE): frozenset({"INSERT"}),
    ("readings_glucosereading", roles.EDGE): APPEND,
    ("readings_patientstate", roles.EDGE): READ_WRITE,
    ("readings_sensorvalue", roles.EDGE): frozenset({"INSERT"}),
    ("vitals_measurement", roles.EDGE): frozenset({"INSERT"}),
}


def table_grants() -> dict[tuple[str, str], frozenset[str]]:
    app = {(table, roles.APP): grants for table, (_, grants) in TENANT_TABLES.items()}
    app |= {(table, roles.APP): grants for table, (grants, _) in GLOBAL_TABLES.items() if grants}
    return app | OTHER_GRANTS


_OWN_ACCOUNT = ("password", "is_active", "version", "email_verified_at")
COLUMN_GRANTS = {
    *[
        ("tenancy_organization", column, roles.LOOKUP, "SELECT")
        for column in ("id", "code", "name", "status", "assigned_patients_only", "reading_max_age_hours")
    ],
    # Not the column that makes somebody the platform's support.
    *[("accounts_user", column, roles.APP, "UPDATE") for column in _OWN_ACCOUNT],
}
COLUMN_GRANTS |= {
    (table, column, roles.LOOKUP, "SELECT")
    for table, columns in {
        "accounts_browsersession": ("public_id", "user_id", "expire_date", "signed_in_at", "last_seen_at"),
        "devices_assignment": ("organization_id", "device_id", "ends_at"),
        "accounts_subscription": ("organization_id", "customer"),
        "patients_patient": ("id", "public_id", "organization_id", "code", "archived_at"),
        "audit_entry": ("organization_id", "epoch", "xid", "id"),
        "audit_seal": ("organization_id", "number", "epoch", "upto_xid", "upto_id"),
        "devices_claimcode": ("organization_id", "digest"),
        "devices_devicecommand": ("organization_id", "next_step_at"),
        "devices_presence": ("organization_id", "look_at"),
        "readings_dirtyday": ("organization_id",),
        "readings_evaluationmark": ("organization_id",),
        "alerts_patientevaluation": ("organization_id", "next_look_at"),
        "dexcom_sync_connection": (
            *("organization_id", "status", "next_due_at", "claimed_until"),
            *("is_backfilling", "backfill_claimed_until"),
        ),
        "dexcom_sync_connectrequest": ("organization_id", "state_digest"),
        "alerts_delivery": ("organization_id", "state", "next_attempt_at", "claimed_until"),
        "alerts_episode": ("organization_id", "next_escalation_at", "next_repeat_at"),
    }.items()
    for column in columns
}
# Not id, at, xid and epoch: whoever adds an entry does not choose where it stands.
_ABOUT_PERSONS = (
    *("organization_id", "actor_kind", "actor_id", "actor_name", "actor_role", "action", "object_type", "object_id"),
    *("ip", "session", "request_id", "reason", "outcome", "count"),
)
COLUMN_GRANTS |= {("audit_entry", column, roles.LOOKUP, "INSERT") for column in _ABOUT_PERSONS} | {
    ("audit_entry", column, roles.APP, "INSERT") for column in (*_ABOUT_PERSONS, "patient_id", "patient_ids", "changes")
}
COLUMN_GRANTS |= {
    (table, column, roles.EDGE, privilege)
    for table, privilege, columns in (
        ("accounts_membership", "SELECT", ("organization_id", "user_public_id", "patient_id", "is_active")),
        ("audit_entry", "INSERT", (*_ABOUT_PERSONS, "patient_id", "patient_ids", "changes")),
        ("devices_assignment", "SELECT", ("organization_id", "device_id", "patient_id", "starts_at", "ends_at")),
        (
            *("devices_device", "SELECT"),
            (
                *("organization_id", "id", "code", "public_id", "public_number"),
                *("last_seen_at", "battery_level", "reading_interval", "settings_version", "firmware_version"),
            ),
        ),
        ("devices_device", "UPDATE", ("last_seen_at", "battery_level", "firmware_version")),
        ("devices_devicelog", "SELECT", ("organization_id", "device_id", "number")),
        (
            *("devices_devicesettings", "SELECT"),
            (
                *("organization_id", "device_id", "skin_tone_compensation", "motion_sensitivity", "sampling_rate"),
                *("alert_low", "alert_high"),
            ),
        ),
        ("devices_heartbeatsample", "SELECT", ("organization_id", "device_id", "sampled_at")),
        (
            *("devices_commandstep", "INSERT"),
            ("organization_id", "command_id", "at", "status", "attempt", "by", "note"),
        ),
        (
            *("devices_devicecommand", "SELECT"),
            (
                *("organization_id", "id", "public_id", "device_id", "type", "priority", "parameters", "status"),
                *("due_at", "expires_at", "offer_again_at", "next_step_at", "timeout_seconds", "retries"),
                *("retry_delay_seconds", "attempt", "deliveries", "sent_at", "executing_at", "result", "error"),
            ),
        ),
        (
            *("devices_devicecommand", "UPDATE"),
            (
                *("status", "expires_at", "offer_again_at", "next_step_at", "deliveries", "sent_at"),
                *("executing_at", "finished_at", "result", "error"),
            ),
        ),
        ("devices_devicekey", "SELECT", ("organization_id", "id", "last_used_at", "expires_at", "replaces_id")),
        ("devices_devicekey", "UPDATE", ("last_used_at", "expires_at")),
        (
            *("devices_presence", "SELECT"),
            ("organization_id", "device_id", "look_at", "signal_is_poor", "told_online", "told_low_battery"),
        ),
        ("devices_presence", "INSERT", ("organization_id", "device_id", "look_at", "signal_is_poor")),
        ("devices_presence", "UPDATE", ("look_at", "signal_is_poor")),
        ("patients_patient", "SELECT", ("organization_id", "id", "code", "timezone")),
        ("readings_dirtyday", "SELECT", ("organization_id", "patient_id", "day")),
        (
            *("readings_evaluationmark", "SELECT"),
            ("organization_id", "patient_id", "late_count", "late_from", "late_until"),
        ),
        ("readings_evaluationmark", "UPDATE", ("late_count", "late_from", "late_until")),
        ("readings_glucosereading", "UPDATE", ("is_copy",)),
        ("readings_sensorvalue", "SELECT", ("organization_id", "device_id", "sensor_type", "measured_at")),
        (
            *("vitals_measurement", "SELECT"),
            ("organization_id", "patient_id", "metric", "measured_at", "source_number", "device_id", "public_id"),
        ),
        (
            *("vitals_measurement", "SELECT"),
            ("value", "second_value", "source"),
        ),
    )
    for column in columns
}
# A source corrects what it measured; where, when and of whom a reading is stays as it came.
COLUMN_GRANTS |= {
    ("readings_glucosereading", column, roles.APP, "UPDATE")
    for column in (
        *("glucose", "unit", "range_flag", "quality", "trend", "rate", "confidence", "battery_level", "sensor_data"),
        "is_copy",
    )
}
# Late readings of an hour share a row; whose they are and when the first came stays.
COLUMN_GRANTS |= {("alerts_latereadings", column, roles.APP, "UPDATE") for column in ("count", "first_at", "last_at")}
SEQUENCE_GRANTS = {
    ("audit_entry_id_seq", roles.EDGE, "USAGE"),
    ("audit_entry_id_seq", roles.APP, "USAGE"),
    ("audit_entry_id_seq", roles.LOOKUP, "USAGE"),
    ("tenancy_organization_id_seq", roles.APP, "USAGE"),
    ("tenancy_organization_id_seq", roles.APP, "SELECT"),
    ("tenancy_key_ids", roles.APP, "USAGE"),
    ("patients_patient_id_seq", roles.APP, "USAGE"),
}

# SECURITY DEFINER functions: owner, settings, callers. Each answers identities or credentials, never clinical data.
_FIXED_PATH = "search_path=public, pg_temp"
_PLANNED_ONCE = f"{_FIXED_PATH} plan_cache_mode=force_generic_plan"
DEFINER_FUNCTIONS = {
    "tenancy_organizations()": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_user_by_email(text)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_user_by_identity(text,text)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_user_by_id(bigint)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_invitation_by_digest(bytea)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_organization_of_customer(text)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_patients_counted()": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_person(text,text,boolean)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_forget_unconfirmed(integer)": (roles.OWNER, _FIXED_PATH, {roles.APP}),
    "accounts_principals(uuid)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "patients_named(text)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "devices_organization_of_claim(bytea)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "devices_organizations_with_command_steps()": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "devices_organizations_with_ending_keys()": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "devices_heartbeatsample_ensure_months(integer)": (roles.OWNER, _FIXED_PATH, {roles.APP}),
    "devices_devicelog_ensure_months(integer)": (roles.OWNER, _FIXED_PATH, {roles.APP}),
    "devices_drop_old_months(integer,integer)": (roles.OWNER, _FIXED_PATH, {roles.APP}),
    "devices_organizations_with_news()": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "devices_periods_after(bigint,timestamp with time zone)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "accounts_signed_in(uuid[])": (roles.LOOKUP, _PLANNED_ONCE, {roles.EDGE}),
    "accounts_in_browsers(uuid[],bigint[],interval,interval)": (roles.LOOKUP, _FIXED_PATH, {roles.EDGE}),
    "devices_live_keys(bytea[])": (roles.LOOKUP, _PLANNED_ONCE, {roles.EDGE}),
    "devices_live_key(bytea)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "audit_ensure_months(integer)": (roles.OWNER, _FIXED_PATH, {roles.APP}),
    "audit_record_for_person(uuid,text,text,text,text,text,text,text,text,text,text,text,text,integer)": (
        *(roles.LOOKUP, _FIXED_PATH),
        {roles.APP},
    ),
    "audit_expire()": (roles.OWNER, _FIXED_PATH, {roles.APP}),
    "audit_drop_empty_months()": (roles.OWNER, _FIXED_PATH, {roles.APP}),
    "audit_unsealed()": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "readings_ensure_months(integer)": (roles.OWNER, _FIXED_PATH, {roles.APP}),
    "readings_sensorvalue_ensure_months(integer)": (roles.OWNER, _FIXED_PATH, {roles.APP}),
    "vitals_measurement_ensure_months(integer)": (roles.OWNER, _FIXED_PATH, {roles.APP}),
    "alerts_due_organizations()": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "alerts_organizations_with_deliveries()": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "alerts_organizations_to_escalate()": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "dexcom_due_organizations()": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "dexcom_organization_by_state(bytea)": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "readings_dirty_organizations()": (roles.LOOKUP, _FIXED_PATH, {roles.APP}),
    "readings_expire(bigint[])": (roles.OWNER, _FIXED_PATH, {roles.APP}),
    "readings_drop_empty_months()": (roles.OWNER, _FIXED_PATH, {roles.APP}),
}

# Global tables that the app role writes and that have a unique rule: why it tells nobody what others have.
GLOBAL_UNIQUE = {
    "tenancy_platformkey": "numbers of keys, and one active key",
    "accounts_refreshfamily": "random ids",
    "accounts_externalidentity": "issuer and subject come from a signed token of the person's own",
    "accounts_user": "one account for each address; sign-in and registration answer alike for taken and free ones",
    "tenancy_organization": "codes of clinics are public, ids are not shown",
    "accounts_onetimedevice": "one for each person, in whose scope it is written",
    "accounts_recoverycode": "no rule but the key's, which is drawn",
    "accounts_browsersession": "random keys",
}

# Attributes: may log in, superuser, bypasses RLS, creates roles, creates databases, inherits, replicates.
ROLE_ATTRIBUTES = {
    roles.APP: (True, False, False, False, False, False, False),
    roles.EDGE: (True, False, False, False, False, False, False),
    roles.SUPPORT: (True, False, False, False, False, False, False),
    roles.LOOKUP: (False, False, True, False, False, False, False),
    roles.OWNER: (True, False, True, False, True, True, False),
}
# The second in tests only (tests.plugin); ``prepare`` takes it away.
MEMBERSHIPS = {(roles.LOOKUP, roles.OWNER), (roles.EDGE, roles.APP)}
