"""Image and compose file, read as data: no container engine is needed."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from compose_spec.models import ComposeSpecification, Service

from glucose_platform import postgres_log
from glucose_platform.env import database_from_url, keyring_from_text
from scripts import healthcheck
from scripts.make_secrets import make_secrets
from tenancy.encryption.generate import KEYRINGS
from tests.deployment.files import COMPOSE_FILES, PROJECT, compose, known_settings

COMPOSE: dict[str, Any] = compose("docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "glucose-platform"]
SERVING = ["web", "edge", "worker", "alarms", "beat"]
# Read by compose itself, not by the platform.
COMPOSES_OWN = {"SITES", "TLS", "PGADMIN_EMAIL"}


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (PROJECT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines if line]


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Directories in the container by the volumes that lie there; files of the project are not volumes."""
    pairs = [volume.split(":") for volume in service.get("volumes", [])]
    return {inside: volume for volume, inside, *_ in pairs if not volume.startswith("./")}


def test_image_is_pinned_unprivileged_and_watched():
    steps = instructions()
    names = [name for name, _ in steps]

    for name, argument in steps:
        if name == "FROM":
            assert re.match(r"python:3\.1[1-9]-slim-\w+( AS \w+)?$", argument)
    assert [argument for name, argument in steps if name == "USER"] == ["1000"]
    assert names.index("USER") > max(index for index, name in enumerate(names) if name in {"RUN", "COPY"})
    assert "HEALTHCHECK" in names
    assert {"ADD", "ARG"}.isdisjoint(names)


def test_image_installs_the_lock_by_hash_and_drops_the_embedded_servers():
    build = next(argument for name, argument in instructions() if "pip install" in argument)
    embedded = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["embedded"]

    assert "--require-hashes --only-binary :all: -r" in build
    dropped = build.split("pip uninstall --yes ")[1].split()
    assert dropped == [requirement.split("==")[0] for requirement in embedded]


def test_the_images_lock_is_that_of_every_installation_and_what_talks_to_aws():
    locks = {name: (PROJECT / "requirements" / f"{name}.txt").read_text() for name in ("run", "image")}
    run, image = (
        set(re.findall(r"^[a-z0-9._-]+(?:\[[a-z,]+\])?==[^ ]+", lock, re.MULTILINE)) for lock in locks.values()
    )
    assert len(run) > 40
    assert run < image
    assert {pin.partition("==")[0] for pin in image - run} == {"boto3", "botocore", "jmespath", "s3transfer"}


def test_files_that_the_image_runs_are_not_kept_out_of_it():
    ignored = (PROJECT / ".dockerignore").read_text().split()

    assert {".git", ".env", ".env.*", "var", "secrets"} <= set(ignored)
    for path in ("manage.py", "scripts", "glucose_platform", "requirements"):
        assert path not in ignored
        assert (PROJECT / path).exists()


@pytest.mark.parametrize("name", OURS)
def test_settings_of_each_service_exist(name):
    known = known_settings()
    given = {key.removesuffix("_FILE") for key in SERVICES[name].get("environment", {})}

    assert given <= known


@pytest.mark.parametrize("name", OURS)
def test_interpolated_names_are_settings(name):
    known = known_settings()

    assert set(re.findall(r"(?<!\$)\$\{(\w+)", yaml.safe_dump(SERVICES[name]))) <= known | COMPOSES_OWN


def test_the_files_keep_to_the_compose_specification():
    """Its models let unknown keys of a service pass, so those are looked for apart."""
    known = {field.alias or name for name, field in Service.model_fields.items()}
    for name in COMPOSE_FILES:
        ComposeSpecification.model_validate(compose(name))
        for service in compose(name)["services"].values():
            assert set(service) <= known


def test_containers_can_do_little():
    """grafana writes beside its data; the servers of the official images give up root by themselves, and need to."""
    for name, service in SERVICES.items():
        assert service.get("deploy", {}).get("resources", {}).get("limits", {}).keys() == {"cpus", "memory"}, name
        assert not service.get("privileged")
        assert not re.search(r":latest$|^[^:]+$", service["image"]) or "build" in service or name in OURS, name
        if name not in {"postgres", "redis"}:
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
        if name not in {"postgres", "redis", "grafana", "pgadmin"}:
            assert service["read_only"] is True, name


def test_what_people_reach_listens_on_loopback_alone():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    without_profile = {name for name in published if "profiles" not in SERVICES[name]}
    assert without_profile == {"proxy"}
    assert published["pgadmin"] == ["127.0.0.1:5050:5050"]
    assert "127.0.0.1:${PORT:-8000}:8000" in published["proxy"]


def test_development_runs_the_mounted_source_and_production_the_images():
    override, production = (compose(name)["services"] for name in COMPOSE_FILES[1:])
    for name in SERVING:
        assert override[name]["volumes"] == ["./:/app:ro"]
        assert override[name]["entrypoint"] == ["python", "-m", "scripts.reload"]
        # An entrypoint of its own throws the image's command away.
        assert "command" in SERVICES[name]
        assert production[name]["environment"]["APP_ENV"] == "production"
        assert "volumes" not in production[name]
    assert production["proxy"]["ports"] == ["80:8080", "443:8443", "443:8443/udp"]
    assert "ports" not in {key for name, service in production.items() if name != "proxy" for key in service}
    # Neither a name nor an address has a default that would serve strangers.
    text = (PROJECT / COMPOSE_FILES[2]).read_text()
    assert "${DOMAIN:?" in text
    assert "${ACME_EMAIL:?" in text


def test_the_image_alone_is_the_whole_platform():
    command = next(argument for name, argument in instructions() if name == "CMD")
    assert json.loads(command) == [part for each in SERVICES["edge"]["command"] for part in each.split("=", 1)]


def test_a_linter_of_dockerfiles_is_content():
    hadolint = Path(sys.executable).with_name("hadolint")
    files = [PROJECT / "Dockerfile", *sorted((PROJECT / "deploy").rglob("Dockerfile"))]
    assert len(files) == 2
    done = subprocess.run([hadolint, *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", SERVING)
def test_serving_processes_wait_for_the_migrations_and_never_see_the_owner(name):
    service = SERVICES[name]

    assert service["depends_on"]["prepare"] == {"condition": "service_completed_successfully"}
    assert "DATABASE_OWNER_URL_FILE" not in service["environment"]
    assert set(mounts(service).values()) == {"app-secrets"}


def test_every_service_is_watched_or_ends():
    for name, service in SERVICES.items():
        ends = service.get("restart") == "no"
        inherits_image_check = name in {"web", "edge"} or "profiles" in service
        assert ends or inherits_image_check or "healthcheck" in service, name


@pytest.mark.promise(55)
def test_the_database_servers_log_holds_no_values():
    for file in (COMPOSE_FILES[0], COMPOSE_FILES[2]):
        command = compose(file)["services"]["postgres"]["command"]
        options = [option.removeprefix("-c").partition("=") for option in command[1:]]
        assert list(postgres_log.telling({name: value for name, _, value in options})) == []
        assert {"log_min_messages", "log_min_error_statement"} <= {name for name, _, _ in options}


def test_volumes_are_declared():
    used = {volume for service in SERVICES.values() for volume in mounts(service).values()}

    assert used == set(COMPOSE["volumes"])


@pytest.fixture
def made_secrets(tmp_path):
    make_secrets(tmp_path)
    return tmp_path


def test_every_secret_file_is_made_where_the_services_look(made_secrets):
    for name, service in SERVICES.items():
        wanted = [value for key, value in service.get("environment", {}).items() if key.endswith("_FILE")]
        wanted += re.findall(r"/secrets/\w+/[\w.]+", yaml.safe_dump(service.get("command", "")))
        wanted += re.findall(r"/secrets/\w+/[\w.]+", yaml.safe_dump(service.get("healthcheck", "")))
        for path in wanted:
            assert (made_secrets / path.removeprefix("/secrets/")).is_file(), (name, path)
            assert str(Path(path).parent) in mounts(service), (name, path)


def test_secrets_are_made_once_each_its_own(made_secrets):
    files = sorted(path for path in made_secrets.rglob("*") if path.is_file())
    first = {path: path.read_text() for path in files}
    make_secrets(made_secrets)

    assert {path: path.read_text() for path in files} == first
    # Prometheus shows the token that web and edge ask for.
    assert len(set(first.values())) == len(first) - 1
    assert first[made_secrets / "app" / "metrics_token"] == first[made_secrets / "monitoring" / "metrics_token"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o444 for path in files)
    assert len(first[made_secrets / "app" / "secret_key"]) >= 32
    assert all(keyring_from_text(first[made_secrets / "app" / setting.lower()]) for setting in KEYRINGS.values())


def test_secret_urls_name_the_services_of_the_compose_file(made_secrets):
    hosts = {}
    for path in made_secrets.rglob("*_url"):
        host = re.search(r"@(\w+):\d+", path.read_text())
        assert host is not None
        assert host.group(1) in SERVICES
        hosts[path.name] = host.group(1)
    # What serves goes by the pooler; what migrates does not, and knows its users' passwords.
    assert {hosts[f"database{kind}_url"] for kind in ("", "_edge", "_platform")} == {"pgbouncer"}
    assert {hosts["admin_url"], hosts["database_owner_url"]} == {"postgres"}
    known = dict(
        re.findall(r'^"(\w+)" "(.+)"$', (made_secrets / "pgbouncer" / "userlist.txt").read_text(), re.MULTILINE)
    )
    for name in ("database_url", "database_edge_url", "database_platform_url"):
        parts = database_from_url((made_secrets / "app" / name).read_text())
        assert known[str(parts["USER"])] == parts["PASSWORD"]
    assert len(known) == 3
    assert database_from_url((made_secrets / "app" / "database_url").read_text())["USER"] == "glucose_app"


def test_missing_secret_is_made_anew_without_touching_the_others(made_secrets):
    url = (made_secrets / "app" / "database_url").read_text()
    (made_secrets / "app" / "secret_key").unlink()

    subprocess.run([sys.executable, "-m", "scripts.make_secrets", str(made_secrets)], cwd=PROJECT, check=True)

    assert (made_secrets / "app" / "secret_key").is_file()
    assert (made_secrets / "app" / "database_url").read_text() == url


class OnlyOneHost(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        right = self.path == "/health" and self.headers["Host"] in {"clinic.example", "localhost"}
        self.send_response(200 if right else 400)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def health_port():
    with HTTPServer(("127.0.0.1", 0), OnlyOneHost) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("allowed", "code"),
    [("clinic.example,other.example", 0), ('["clinic.example"]', 0), ("", 0), ("stranger.example", 1)],
)
def test_health_check_asks_under_a_name_that_is_served(monkeypatch, health_port, allowed, code):
    monkeypatch.setenv("PORT", str(health_port))
    monkeypatch.setenv("ALLOWED_HOSTS", allowed)

    assert healthcheck.main() == code


def test_health_check_is_red_where_nobody_listens(monkeypatch):
    monkeypatch.setenv("PORT", "1")

    assert healthcheck.main() == 1
