"""Over the real cache: what one organization stores, another does not get."""

from __future__ import annotations

import secrets

from django.core.cache import cache

from tenancy.cache import organization_key
from tenancy.scope import organization_scope, person_scope


def test_organizations_never_share_an_entry() -> None:
    key = f"name-{secrets.token_hex(8)}"
    first, second = secrets.randbits(40), secrets.randbits(40)
    with organization_scope(first):
        cache.set(key, "of the first", timeout=30)
    with organization_scope(second):
        assert cache.get(key) is None
        assert cache.add(key, "of the second", timeout=30)
        cache.delete(key)
    assert cache.get(key) is None
    with person_scope(first):
        assert cache.get(key) is None
    with organization_scope(first):
        assert cache.get(key) == "of the first"
        assert cache.delete(key)


def test_many_keys_at_once_are_kept_apart_too() -> None:
    prefix = secrets.token_hex(8)
    first, second = secrets.randbits(40), secrets.randbits(40)
    with organization_scope(first):
        cache.set_many({f"{prefix}-a": 1, f"{prefix}-b": 2}, timeout=30)
    with organization_scope(second):
        assert cache.get_many([f"{prefix}-a", f"{prefix}-b"]) == {}
        cache.delete_many([f"{prefix}-a", f"{prefix}-b"])
    with organization_scope(first):
        assert cache.get_many([f"{prefix}-a", f"{prefix}-b"]) == {f"{prefix}-a": 1, f"{prefix}-b": 2}


def test_no_name_can_reach_into_another_organizations_keys() -> None:
    """The organization stands before what a caller chooses, and ends with a colon: 1 and 11 cannot meet."""
    with organization_scope(1):
        ours = organization_key("1:x", "", 1)
    with organization_scope(11):
        theirs = organization_key("x", "", 1)
    assert ours.startswith(":organization-1:")
    assert not theirs.startswith(":organization-1:")
    assert organization_key("organization-1:1:x", "", 1).startswith(":platform:")
