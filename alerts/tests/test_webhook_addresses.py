"""Where a clinic's webhook may go: never inside, whatever name, number or answer of the name service leads there."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from alerts.deliveries.channels import NotSent, guard, outgoing
from alerts.deliveries.channels.guard import AddressRefused, is_reachable, read_url, resolve
from alerts.tests.receiver import running_receiver

pytestmark = pytest.mark.promise(47)

NAME = "hooks.clinic.example"


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "//hooks.example.org/",
        "hooks.example.org",
        "https://",
        "https:///path",
        "https://127.0.0.1/",
        "https://10.0.0.7/",
        "https://8.8.8.8/",
        "https://2130706433/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1%25eth0]/",
        "https://localhost/",
        "https://intranet/",
        "https://hooks.example.org./",
        "https://user:password@hooks.example.org/",
        "https://hooks.example.org@10.0.0.7/",
        "https://hooks.example.org#@10.0.0.7/",
        "https://hooks.example.org:22/",
        "https://hooks.example.org:6379/",
        "https://hooks.example.org:80/",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:99999/",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\r\nX-Evil: 1",
        "https://hooks.example.org\\@10.0.0.7/",
        "https://ⓗooks.example.org/",
        "https://hooks.example.org/" + "a" * 2_000,
        "",
    ],
)
def test_refused_before_anybody_is_asked(url: str) -> None:
    with pytest.raises(AddressRefused):
        read_url(url)


@pytest.mark.parametrize("url", ["https://hooks.example.org/a?b=c", "https://x.hooks.example.org:8443/"])
def test_usual_addresses_are_taken(url: str) -> None:
    assert str(read_url(url)) == url


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.0.3", "10.0.0.7", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1"),
        *("0.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
        *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.7"),
        *("64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::"),
        *("2001:0:7f00:1::1", "fe80::1", "fe80::1%lo", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
        *("2001:db8::1", "100::1"),
    ],
)
def test_inner_addresses_are_not_reached(address: str) -> None:
    assert not is_reachable(address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14"]
)
def test_public_addresses_are_reached(address: str) -> None:
    assert is_reachable(address)


class Names:
    """A name service whose answers change from question to question."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def getaddrinfo(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        self.asked += 1
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in addresses
        ]


@pytest.mark.parametrize("answer", [["10.0.0.7"], ["93.184.215.14", "127.0.0.1"], ["::ffff:127.0.0.1"], []])
def test_a_name_that_leads_inside_is_refused_for_good(monkeypatch: Any, answer: list[str]) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(answer).getaddrinfo)
    with pytest.raises(NotSent, match="inner network") as failure:
        resolve(f"https://{NAME}/")
    assert failure.value.is_final
    # Neither name nor address: they would map the inside for whoever reads the result.
    assert "10.0.0.7" not in failure.value.result


def test_a_name_that_nobody_knows_is_asked_for_again_later() -> None:
    with pytest.raises(NotSent, match="could not be resolved") as failure:
        resolve("https://nobody.invalid/")
    assert not failure.value.is_final


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: Any) -> Path:
    """For NAME, of an authority of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    ).sign(key, hashes.SHA256())  # fmt: skip
    path = Path(tmp_path_factory.mktemp("tls")) / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def trusted(certificate: Path, monkeypatch: Any) -> Iterator[ssl.SSLContext]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    outgoing.tls.cache_clear()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate)
    yield server
    outgoing.tls.cache_clear()


def test_the_judged_address_is_the_one_that_is_called(settings: Any, monkeypatch: Any, trusted: ssl.SSLContext) -> None:
    """The name service says something else the second time; nobody asks it. The name still stands in TLS and Host."""
    settings.WEBHOOKS_MAY_REACH_LOOPBACK = True
    names = Names(["127.0.0.1"], ["10.0.0.7"])
    monkeypatch.setattr(socket, "getaddrinfo", names.getaddrinfo)
    told = []
    trusted.sni_callback = lambda connection, name, context: told.append(name)
    with running_receiver(tls=trusted) as receiver:
        monkeypatch.setattr(guard, "PORTS", frozenset({receiver.port}))
        target = resolve(f"https://{NAME}:{receiver.port}/hook")
        answer = outgoing.post_to(target, content=b"{}", headers={})
        asked = names.asked
    assert (answer.status, asked, told) == (200, 1, [NAME])
    assert receiver.received[0].headers["Host"] == f"{NAME}:{receiver.port}"


def test_a_certificate_of_another_name_is_refused(settings: Any, monkeypatch: Any, trusted: ssl.SSLContext) -> None:
    settings.WEBHOOKS_MAY_REACH_LOOPBACK = True
    monkeypatch.setattr(socket, "getaddrinfo", Names(["127.0.0.1"]).getaddrinfo)
    with running_receiver(tls=trusted) as receiver:
        monkeypatch.setattr(guard, "PORTS", frozenset({receiver.port}))
        target = resolve(f"https://other.example:{receiver.port}/")
        with pytest.raises(NotSent, match="connection failed"):
            outgoing.post_to(target, content=b"{}", headers={})
        assert receiver.received == []


def test_a_proxy_of_the_environment_resolves_no_name_anew(settings: Any, monkeypatch: Any) -> None:
    settings.WEBHOOKS_MAY_REACH_LOOPBACK = True
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    with running_receiver() as receiver:
        outgoing.post_to(resolve(receiver.url), content=b"{}", headers={})
        assert len(receiver.received) == 1


def test_loopback_is_not_reached_without_the_tests_setting(settings: Any) -> None:
    assert settings.WEBHOOKS_MAY_REACH_LOOPBACK is False
    with running_receiver() as receiver, pytest.raises(NotSent, match="https"):
        resolve(receiver.url)
