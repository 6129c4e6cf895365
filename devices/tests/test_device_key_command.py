from __future__ import annotations

import pytest

from devices.authentication import device_principal
from devices.keys import KEY_PATTERN
from devices.models import DeviceKey
from tests.clinics import Clinic
from tests.commands import Result, run_command

pytestmark = pytest.mark.django_db
SECOND_DEVICE = ("--device", "ARGUS_002468")


def device_key(action: str, *arguments: str) -> Result:
    return run_command("device_key", action, "--organization", "northside", *arguments)


def test_the_new_key_stands_alone_on_standard_output_and_works_for_its_device(northside: Clinic, southside: Clinic):
    result = device_key("issue", *SECOND_DEVICE)

    key = result.out.strip()
    assert KEY_PATTERN.fullmatch(key)
    assert key not in result.err
    principal = device_principal(key)
    assert principal is not None
    assert principal.organization_id == northside.organization.id
    assert principal.device_id == northside.devices[1].id


def test_a_key_of_the_whole_clinic_serves_every_device_of_it(northside: Clinic):
    principal = device_principal(device_key("issue", "--organization-wide").out.strip())

    assert principal is not None
    assert principal.device_id is None


def test_rotating_gives_a_second_key_while_the_first_still_works(northside: Clinic):
    first = device_key("issue", *SECOND_DEVICE).out.strip()

    second = device_key("rotate", *SECOND_DEVICE)

    assert device_principal(second.out.strip()) is not None
    assert device_principal(first) is not None
    assert "works for 7 days more" in second.err


@pytest.mark.promise(27)
def test_a_revoked_key_is_refused_at_once(northside: Clinic):
    key = device_key("issue", *SECOND_DEVICE).out.strip()

    result = device_key("revoke", *SECOND_DEVICE)

    assert result.out == ""
    assert key[:16] in result.err
    assert device_principal(key) is None


def test_one_of_several_keys_is_named_by_its_first_characters(northside: Clinic):
    first, second = (device_key("issue", *SECOND_DEVICE).out.strip() for _ in range(2))

    asked = device_key("revoke", *SECOND_DEVICE)
    assert "There are 2 live keys of ARGUS_002468" in asked.error
    assert first[:16] in asked.error
    assert first not in asked.error

    device_key("revoke", *SECOND_DEVICE, "--key", first[:16])
    assert device_principal(first) is None
    assert device_principal(second) is not None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("issue",), "one of the arguments --device --organization-wide is required"),
        (("issue", "--device", "ARGUS_0"), "The clinic has no device 'ARGUS_0'."),
        (("issue", *SECOND_DEVICE, "--key", "glp_x"), "use it with rotate or revoke"),
        (("rotate", *SECOND_DEVICE), "There is no live key of ARGUS_002468."),
        (("revoke", *SECOND_DEVICE, "--key", "glp_x"), "There is no live key of ARGUS_002468 that begins with glp_x."),
    ],
)
def test_what_is_wrong_is_said(northside: Clinic, arguments: tuple[str, ...], sentence: str):
    assert sentence in device_key(*arguments).error


def test_a_device_has_two_live_keys_at_most(northside: Clinic):
    device_key("issue", *SECOND_DEVICE)
    device_key("issue", *SECOND_DEVICE)

    assert "two live keys already" in device_key("issue", *SECOND_DEVICE).error
    with northside.scope():
        assert DeviceKey.objects.live().filter(device=northside.devices[1]).count() == 2
