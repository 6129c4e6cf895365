"""The alert rules and the dashboard that are shipped ask for metrics that exist, and lead to advice that exists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import REGISTRY
from prometheus_client.core import Metric

import dexcom_sync.metrics as dexcom
from alerts.deliveries import metrics as _deliveries  # noqa: F401  each import registers what the app tells
from alerts.evaluation import metrics as _evaluation  # noqa: F401
from edge import app as _edge  # noqa: F401
from glucose_platform import figures, urls  # noqa: F401
from readings.summaries import metrics as _summaries  # noqa: F401
from tenancy import event_sink as _sink  # noqa: F401
from tenancy import told_metrics

PROJECT = Path(__file__).resolve().parents[2]
MONITORING = PROJECT / "deploy" / "monitoring"
_NAME = re.compile(r"\bglucose_[a-z_]+")
_LABELS = re.compile(r"(glucose_[a-z_]+)\{([^}]*)\}")
_DURATION = re.compile(r"^\d+[smh]$")


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((MONITORING / "alerts.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return [rule["expr"] for rule in rules()] + shown


def known() -> dict[str, set[str]]:
    """What can be asked for, with its labels: from what the code registers, without asking for any value."""
    found: dict[str, set[str]] = {}
    for collector in REGISTRY._collector_to_names:
        labels = set(getattr(collector, "_labelnames", ()))
        found |= dict.fromkeys(REGISTRY._collector_to_names[collector], labels)
    for told in told_metrics._all.values():
        found |= _names(told.family([]), set(getattr(told, "labels", ())))
    for described in (*dexcom._COUNTERS.values(), *dexcom._GAUGES.values()):
        kind = "counter" if described in dexcom._COUNTERS.values() else "gauge"
        found |= _names(Metric(described.name, described.documentation, kind), set(described.labels))
    source = Path(figures.__file__).read_text()
    for name, labels in re.findall(r'GaugeMetricFamily\(\s*"(\w+)",\s*"[^"]*"(?:,\s*labels=\["(\w+)"\])?', source):
        found[name] = {labels} - {""}
    return found


def _names(metric: Metric, labels: set[str]) -> dict[str, set[str]]:
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}[metric.type]
    return {metric.name + ending: labels for ending in endings}


def test_every_metric_that_is_asked_for_is_told() -> None:
    there = known()
    asked = {name for expression in expressions() for name in _NAME.findall(expression)}
    assert len(asked) > 25
    assert sorted(asked - there.keys()) == []


def test_labels_are_those_of_the_metric() -> None:
    there = known()
    for expression in expressions():
        for name, selectors in _LABELS.findall(expression):
            named = {selector.partition("=")[0].rstrip("!~") for selector in selectors.split(",")}
            assert named <= there[name] | {"job"}, (name, named)


def test_every_rule_says_how_grave_it_is_and_what_to_do() -> None:
    headings = re.findall(r"^#+ (.+)$", (PROJECT / "docs" / "troubleshooting.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/troubleshooting.md"
        assert anchor in anchors, rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert _DURATION.match(rule["for"])
        assert rule["annotations"]["summary"].endswith(".")
        assert f"`{rule['alert']}`" in (PROJECT / "docs" / "troubleshooting.md").read_text(), rule["alert"]
