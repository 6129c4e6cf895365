"""Parsed and looked at. `terraform validate` needs a program and a provider that no package registry has."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest

from glucose_platform import postgres_log
from tests.deployment.files import DEPLOY, compose, known_settings

MODULES = [DEPLOY / "terraform" / "aws", DEPLOY / "terraform" / "ec2"]
AWS = MODULES[0]
SECRET = re.compile(r"password|secret|token|private|access_key", re.IGNORECASE)


def plain(value: Any) -> Any:
    """The parser keeps the quotes of names and strings."""
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items() if key != "__is_block__"}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value[1:-1] if isinstance(value, str) and value[:1] == value[-1:] == '"' else value


@cache
def blocks(module: Path, kind: str) -> list[Any]:
    parsed = [plain(hcl2.loads(path.read_text())) for path in sorted(module.glob("*.tf"))]
    return [block for file in parsed for block in file.get(kind, [])]


def resources(module: Path, kind: str) -> dict[str, Any]:
    return {name: body for block in blocks(module, "resource") for name, body in block.get(kind, {}).items()}


def only(found: dict[str, Any]) -> Any:
    (body,) = found.values()
    return body


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_variables_and_outputs_say_what_they_are(module: Path) -> None:
    variables = {name: body for block in blocks(module, "variable") for name, body in block.items()}
    assert len(variables) > 5
    for name, body in variables.items():
        assert body.get("type"), name
        assert len(body.get("description", "")) > 10 or name == "region", name
        # A secret would stand in the state; none is asked for.
        assert not SECRET.search(name), name
    for block in blocks(module, "output"):
        for name, body in block.items():
            assert body.get("description"), name
    text = "".join(path.read_text() for path in module.glob("*.tf"))
    assert set(re.findall(r"\bvar\.(\w+)", text)) == set(variables), "a variable that is not there, or is not used"
    assert 'version = "~> ' in text


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_what_is_referred_to_is_there(module: Path) -> None:
    text = re.sub(r"#.*", "", "".join(path.read_text() for path in module.glob("*.tf")))
    made = {f"{kind}.{name}" for block in blocks(module, "resource") for kind, names in block.items() for name in names}
    read = {
        f"data.{kind}.{name}" for block in blocks(module, "data") for kind, names in block.items() for name in names
    }
    local = {name for block in blocks(module, "locals") for name in block}
    assert set(re.findall(r"(?<![\w.])(aws_\w+\.\w+)", text)) <= made
    assert set(re.findall(r"(?<!\w)(data\.aws_\w+\.\w+)", text)) <= read
    assert set(re.findall(r"\blocal\.(\w+)", text)) <= local


def test_what_is_stored_is_encrypted_and_not_public() -> None:
    database = only(resources(AWS, "aws_db_instance"))
    assert database["storage_encrypted"] is True
    assert database["publicly_accessible"] is False
    assert database["deletion_protection"] is True
    assert database["manage_master_user_password"] is True
    assert "password" not in database
    cache_ = only(resources(AWS, "aws_elasticache_replication_group"))
    assert cache_["at_rest_encryption_enabled"] is True
    assert cache_["transit_encryption_enabled"] is True
    for kind in (
        "versioning",
        "object_lock_configuration",
        "server_side_encryption_configuration",
        "public_access_block",
    ):
        assert "local.buckets" in only(resources(AWS, f"aws_s3_bucket_{kind}"))["for_each"], kind
    blocked = only(resources(AWS, "aws_s3_bucket_public_access_block"))
    assert [value for value in blocked.values() if isinstance(value, bool)] == [True] * 4
    assert only(resources(AWS, "aws_s3_bucket"))["object_lock_enabled"] is True
    for kind in ("aws_cloudwatch_log_group", "aws_secretsmanager_secret"):
        assert all("kms_key_id" in body for body in resources(AWS, kind).values())
    table = only(resources(AWS, "aws_dynamodb_table"))
    assert table["server_side_encryption"][0]["enabled"] is True
    assert all(
        key["enable_key_rotation"] is True for module in MODULES for key in resources(module, "aws_kms_key").values()
    )
    machine = only(resources(MODULES[1], "aws_instance"))
    assert machine["root_block_device"][0]["encrypted"] is True
    assert machine["metadata_options"][0]["http_tokens"] == "required"
    assert not resources(AWS, "aws_secretsmanager_secret_version"), "a secret would stand in the state"


def test_only_the_balancer_and_the_machine_are_open_to_everybody() -> None:
    open_to_all = {
        name
        for name, body in resources(AWS, "aws_vpc_security_group_ingress_rule").items()
        if body.get("cidr_ipv4") == "0.0.0.0/0"
    }
    assert open_to_all == {"people"}
    listener = resources(AWS, "aws_lb_listener")
    assert listener["plain"]["default_action"][0]["type"] == "redirect"
    assert "TLS13" in listener["tls"]["ssl_policy"]
    assert only(resources(AWS, "aws_ecs_service"))["network_configuration"][0]["assign_public_ip"] is False


def test_the_managed_database_logs_no_values() -> None:
    (parameter,) = only(resources(AWS, "aws_db_parameter_group"))["dynamic"]
    settings = {name: str(value) for name, value in parameter["parameter"]["for_each"].items()}
    known = {name: settings[name] for name in postgres_log.QUIET if name in settings}
    assert list(postgres_log.telling(known)) == []
    assert set(postgres_log.QUIET) <= set(settings)
    assert settings["rds.force_ssl"] == "1"


def test_the_commands_are_those_of_the_compose_file() -> None:
    (commands,) = (block["services"] for block in blocks(AWS, "locals") if "services" in block)
    services = compose("docker-compose.yml")["services"]
    for name in ("web", "edge", "worker", "alarms", "beat"):
        assert commands[name] == services[name]["command"]
    (environment,) = (block["environment"] for block in blocks(AWS, "locals") if "environment" in block)
    (given,) = (block["secrets"] for block in blocks(AWS, "locals") if "secrets" in block)
    known = known_settings() | {"AWS_REGION"}
    assert {*environment, *given} <= known


def test_the_balancers_name_is_an_output() -> None:
    outputs = {name: body for block in blocks(AWS, "output") for name, body in block.items()}
    assert "aws_lb.this.dns_name" in outputs["balancer_name"]["value"]


def test_the_machines_script_is_one() -> None:
    script = MODULES[1] / "start.sh"
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    (given,) = re.findall(r'"\$\{path.module\}/start.sh", {(.*?)\}', (MODULES[1] / "main.tf").read_text(), re.DOTALL)
    assert set(re.findall(r"\${(\w+)}", script.read_text())) == set(re.findall(r"(\w+)\s+=", given))
