"""What says that it is audited, and why the rest is not. What is really written: tests/isolation/test_ledger.py."""

from __future__ import annotations

import pytest
from django.apps import apps

from glucose_platform.routes import ROUTES
from tenancy.api.routing import PUBLIC
from tenancy.models import TenantModel

pytestmark = pytest.mark.promise(56)

NOT_AUDITED = {
    "accounts.ProviderEvent": "only ever added: what came of it is recorded by its service",
    "accounts.UsageDay": "figures that follow from what is there",
    "accounts.SupportAccess": "its service claims the row and writes the entry itself",
    "devices.CommandStep": "only ever added: the row is its own record; what people do is recorded by the services",
    "devices.Battery": "devices' ingestion; what a person writes is recorded by its service",
    "devices.DeviceLog": "devices' ingestion: the row is its own record",
    "devices.DeviceState": "devices' ingestion: what a device told last of itself",
    "devices.HeartbeatSample": "devices' ingestion: the row is its own record",
    "devices.Presence": "follows from contacts; what streams were told last",
    "alerts.Delivery": "messages of the platform: the row is its own record of what was sent, to whom and when",
    "alerts.Episode": "rules make it; each act of a person is recorded by its service",
    "alerts.EpisodeEvent": "only ever added: the row is its own record",
    "alerts.LateReadings": "follows from the readings",
    "alerts.PatientEvaluation": "follows from readings and rules",
    "alerts.Snooze": "its service writes the step and the entry",
    "audit.Entry": "the ledger itself",
    "audit.Seal": "the ledger itself",
    "dexcom_sync.Alert": "follows from what Dexcom answered",
    "dexcom_sync.Calibration": "follows from what Dexcom answered",
    "dexcom_sync.ConnectRequest": "lives for ten minutes; what comes of it is recorded by its service",
    "dexcom_sync.Connection": "the sync writes it all day; what people do with it is recorded by its services",
    "dexcom_sync.DeviceSettings": "follows from what Dexcom answered",
    "dexcom_sync.Egv": "follows from what Dexcom answered",
    "dexcom_sync.Event": "follows from what Dexcom answered",
    "dexcom_sync.FormerRecord": "only ever added: the row is its own record of what was replaced and when",
    "dexcom_sync.Progress": "how far the sync has read",
    "dexcom_sync.QuarantinedRecord": "follows from what Dexcom answered",
    "dexcom_sync.RawPage": "follows from what Dexcom answered",
    "dexcom_sync.Source": "follows from what Dexcom answered",
    "dexcom_sync.Token": "no patient's data; connecting and withdrawing are recorded by their services",
    "patients.HistoryAmendment": "only ever added, and the entry that it amends is audited",
    "readings.Amendment": "only ever added: the row is its own record of what was replaced, when and why",
    "readings.DaySummary": "follows from the readings",
    "readings.DirtyDay": "follows from the readings",
    "readings.EvaluationMark": "follows from the readings",
    "readings.GlucoseReading": "devices' ingestion: the row is its own record; imports are recorded by batch",
    "readings.ImportJob": "the worker writes how far it is; what people do with it is recorded by its services",
    "readings.PatientState": "follows from the readings",
    "readings.SensorValue": "devices' ingestion: what they measure of themselves, no patient's data",
    "reports.BatchReport": "the batch is audited, and so is each look at its files",
    "reports.RecentDays": "follows from the day summaries",
    "tenancy.DataKey": "keys are no patient's data; rotation and shredding are recorded by their services",
}


def test_every_read_says_what_it_records_or_why_nothing() -> None:
    silent = [
        route.name
        for route in ROUTES
        if "GET" in route.access and route.access["GET"] != PUBLIC and bool(route.audited) == bool(route.unaudited)
    ]

    assert silent == []


def test_every_table_of_a_clinic_is_audited_or_has_a_reason() -> None:
    models = [model for model in apps.get_models() if issubclass(model, TenantModel)]

    assert {model._meta.label for model in models if not model.is_audited} == set(NOT_AUDITED)
