from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deployment.files import DEPLOY, compose, documents, known_settings

KUBERNETES = DEPLOY / "kubernetes"
BASE = KUBERNETES / "base"
PRODUCTION = KUBERNETES / "overlays" / "production"
# Their schemas are their operators', not Kubernetes's.
FOREIGN = {"ExternalSecret", "ScaledObject", "Kustomization", "Component"}
VERSION = "1.33"


def files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*.yaml"))


def objects(directory: Path, *kinds: str) -> list[Any]:
    everything = [document for path in files(directory) for document in documents(path)]
    return [document for document in everything if not kinds or document["kind"] in kinds]


def pods() -> dict[str, Any]:
    return {each["metadata"]["name"]: each["spec"]["template"] for each in objects(BASE, "Deployment", "Job")}


def named_alike(patch: Any) -> list[Any]:
    return [each for each in objects(BASE, patch["kind"]) if each["metadata"] == patch["metadata"]]


@pytest.mark.parametrize("path", files(KUBERNETES), ids=lambda path: str(path.relative_to(KUBERNETES)))
def test_manifests_keep_to_kubernetes_schemas(path: Path) -> None:
    for document in documents(path):
        if document["kind"] in FOREIGN:
            continue
        if path.parent != PRODUCTION or not named_alike(document):
            kubernetes_validate.validate(document, VERSION, strict=True)


def test_every_file_is_taken_in_once() -> None:
    for path in files(DEPLOY):
        if path.name != "kustomization.yaml":
            continue
        (kustomization,) = documents(path)
        generators = [name for each in kustomization.get("configMapGenerator", []) for name in each["files"]]
        patches = [patch["path"] for patch in kustomization.get("patches", []) if "path" in patch]
        named = [*kustomization.get("resources", []), *patches, *(name.split("=")[-1] for name in generators)]
        for name in named:
            target = path.parent / name
            assert target.is_file() or (target / "kustomization.yaml").is_file(), (path, name)
        beside = {each.name for each in path.parent.glob("*.yaml")} - {"kustomization.yaml"}
        assert beside <= set(named)
        for name in patches:
            for patch in documents(path.parent / name):
                (patched,) = named_alike(patch)
                merged = {key: {**patched[key], **patch[key]} for key in ("spec", "data") if key in patch}
                kubernetes_validate.validate({**patched, **merged}, VERSION, strict=True)


def test_pods_can_do_little_and_say_what_they_need() -> None:
    for name, template in pods().items():
        pod = template["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 1000
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        limits = container["securityContext"]
        assert limits["readOnlyRootFilesystem"] is True, name
        assert limits["allowPrivilegeEscalation"] is False, name
        assert limits["capabilities"]["drop"] == ["ALL"], name
        assert set(limits["capabilities"].get("add", [])) <= {"NET_BIND_SERVICE"}
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]


def test_commands_are_those_of_the_compose_file() -> None:
    services = compose("docker-compose.yml")["services"]
    for name in ("web", "edge", "worker", "beat", "alarms"):
        assert pods()[name]["spec"]["containers"][0]["command"] == services[name]["command"]


def test_settings_exist_and_the_owners_secret_is_the_migrations_alone() -> None:
    known = known_settings()
    (settings,) = (each["data"] for each in objects(BASE, "ConfigMap"))
    assert {name.removesuffix("_FILE") for name in settings} <= known
    # Probes ask for this name.
    assert "localhost" in settings["ALLOWED_HOSTS"].split(",")
    secrets = {
        name: {volume["secret"]["secretName"] for volume in template["spec"].get("volumes", []) if "secret" in volume}
        for name, template in pods().items()
    }
    assert secrets.pop("migrate") == {"glucose-app", "glucose-owner"}
    assert secrets.pop("proxy") == set()
    assert set().union(*secrets.values()) == {"glucose-app"}
    assert not objects(KUBERNETES, "Secret")
    fetched = {each["spec"]["target"]["name"] for each in objects(PRODUCTION, "ExternalSecret")}
    assert fetched == {"glucose-app", "glucose-owner"}


def test_what_serves_is_probed_kept_up_and_scaled() -> None:
    deployments = {each["metadata"]["name"]: each["spec"] for each in objects(BASE, "Deployment")}
    budgets = {
        each["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"]
        for each in objects(BASE, "PodDisruptionBudget")
    }
    scaled = {each["spec"]["scaleTargetRef"]["name"]: each["spec"] for each in objects(BASE, "HorizontalPodAutoscaler")}
    assert budgets == set(deployments) - {"beat"}
    assert set(scaled) == {"web", "edge", "worker"}
    # An autoscaler and a number of replicas would pull against each other.
    assert all("replicas" not in deployments[name] and spec["minReplicas"] >= 2 for name, spec in scaled.items())
    assert (deployments["beat"]["replicas"], deployments["beat"]["strategy"]) == (1, {"type": "Recreate"})
    for name in ("web", "edge"):
        (container,) = deployments[name]["template"]["spec"]["containers"]
        # A liveness that asks the database would restart everything when it is away.
        assert container["livenessProbe"]["httpGet"]["path"] in {"/livez", "/health"}
        assert {"startupProbe", "readinessProbe", "lifecycle"} <= set(container)
        assert deployments[name]["template"]["spec"]["terminationGracePeriodSeconds"] > 40
    by_queue = {each["spec"]["scaleTargetRef"]["name"] for each in objects(KUBERNETES, "ScaledObject")}
    assert by_queue == set(scaled)


def test_networks_are_closed_but_for_what_is_named() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in objects(BASE, "NetworkPolicy")}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (outside,) = policies["outside"]["egress"]
    assert {"10.0.0.0/8", "169.254.0.0/16"} <= set(outside["to"][0]["ipBlock"]["except"])
    for spec in policies.values():
        assert all(rule.get("from") for rule in spec.get("ingress", []))
        assert all(rule.get("to") and rule.get("ports") for rule in spec.get("egress", []))


def test_selectors_services_and_backends_meet() -> None:
    names = set(pods())
    services = {each["metadata"]["name"]: each["spec"] for each in objects(BASE, "Service")}
    for name, service in services.items():
        assert service["selector"]["app.kubernetes.io/name"] == name
        assert name in names
    text = yaml.safe_dump_all(objects(BASE, "Ingress", "NetworkPolicy"))
    assert set(re.findall(r"backend:\s+service:\s+name: (\w+)", text)) == {"proxy"}
    for template in pods().values():
        assert template["metadata"]["labels"]["app.kubernetes.io/name"] in names
