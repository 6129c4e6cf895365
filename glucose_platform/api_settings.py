"""REST framework and the API's document: nothing here is an operator's choice.

The settings import this while Django is not ready yet, so it imports nothing.
"""

from __future__ import annotations

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.PrincipalAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.RoutePermission"],
    "DEFAULT_PARSER_CLASSES": ["tenancy.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tenancy.api.negotiation.OneRendererNegotiation",
    "DEFAULT_PAGINATION_CLASS": "tenancy.api.pagination.ItemsPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "tenancy.api.openapi.RouteSchema",
    "EXCEPTION_HANDLER": "tenancy.api.errors.answer_error",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
    # A picture or a file is asked for by Accept; "format" is a parameter of exports.
    "URL_FORMAT_OVERRIDE": None,
    "PAGE_SIZE": 100,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

API_DOCUMENT = {
    "TITLE": "Glucose Platform",
    "DESCRIPTION": "Glucose of clinics' patients: device ingestion, people, history.",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["accounts.api.permissions.RoutePermission"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "GET_LIB_DOC_EXCLUDES": "tenancy.api.openapi.doc_excludes",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ActorKindEnum": ["person", "key", "support", "system", "anonymous"],
        "AdmissionStatusEnum": "patients.models.Admission.Status",
        "NewAdmissionStatusEnum": ["admitted", "verified", "unknown"],
        "EpisodeKindEnum": "alerts.models.Episode.Kind",
        "VitalSignEnum": "alerts.api.thresholds.METRICS",
        "BatteryHealthEnum": "devices.fleet.models.BatteryHealth",
        "BulkDeviceStatusEnum": ["changed", "rejected"],
        "BatchItemStatusEnum": ["created", "duplicate", "rejected"],
        "ChannelKindEnum": "alerts.models.Channel.Kind",
        "ChannelStateEnum": "alerts.models.Channel.Health",
        "CommandKindEnum": "devices.commands.models.Kind",
        "CommandStatusEnum": "devices.commands.models.Status",
        "ConnectionStatusEnum": "dexcom_sync.models.Connection.Status",
        "ConsentKindEnum": "patients.models.Consent.Kind",
        "DeliveryReasonEnum": "alerts.models.Delivery.Reason",
        "DeliveryStateEnum": "alerts.models.Delivery.State",
        "DeviceHealthEnum": "devices.health.Health",
        "DeviceKindEnum": "devices.models.Device.Kind",
        "DeviceStatusEnum": "devices.models.Device.Status",
        "EpisodeStateEnum": "alerts.models.Episode.State",
        "GlucoseUnitEnum": "tenancy.models.GlucoseUnit",
        "HistoryKindEnum": "patients.models.HistoryEntry.Kind",
        "ImportStateEnum": "readings.models.ImportJob.State",
        "BillingPeriodEnum": "accounts.plans.models.Period",
        "InvoiceStatusEnum": "accounts.plans.models.BillingRecord.Status",
        "PlanCodeEnum": "accounts.plans.catalogue.CHOICES",
        "SoldPeriodEnum": ["monthly", "quarterly", "yearly"],
        "SoldPlanEnum": ["clinic", "network"],
        "SubscriptionStatusEnum": "accounts.plans.models.Subscription.Status",
        "RoleEnum": "accounts.roles.Role",
        "RoleOrSupportEnum": "accounts.api.me.ROLES",
        "SettableDeviceStatusEnum": "devices.fleet.services.STATUSES",
        "SeverityEnum": "alerts.models.Severity",
        "SkinToneEnum": "patients.models.Patient.SkinTone",
        "SessionKindEnum": ["app", "browser"],
        "WorklistReasonEnum": [
            *("alarm", "veryLow", "low", "risk", "inRange", "worse", "silent", "connection", "consent", "contact"),
            "littleData",
        ],
    },
}
