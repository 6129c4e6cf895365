"""What Dexcom leaves open, or documents in two ways: each is a switch, and clients are tested under its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace

from dexcom_sync.sandbox.refusals import ControlRefused

ON_OFF = ("on", "off")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "bounds": ("half_open", "closed"),
    "future_end": ("reject", "accept"),
    "event_value": ("string", "number"),
    "record_type": ("singular", "plural"),
    "order": ("desc", "asc", "shuffled"),
    "static_code": ("off", "on"),
    "refresh_reuse": ("reject_only", "kills_family"),
    "refresh_ttl_mode": ("rolling", "absolute"),
    "old_access": ("valid", "dies"),
    "revoke_as": ("401_then_invalid_grant", "403", "invalid_grant_only"),
    "retry_after": ON_OFF,
    "rate_counts_tokens": ON_OFF,
    "last_sync": ("buggy", "ignores_late", "correct"),
    "system_time_zone": ("mixed", "Z", "naive"),
    "gzip": ("off", "on"),
}


@dataclass(frozen=True, slots=True)
class Switches:
    """``user_cap`` counts people of one app on a regional host; 0 means none. The others are explained in the docs."""

    bounds: str = "half_open"
    future_end: str = "reject"
    event_value: str = "string"
    record_type: str = "singular"
    order: str = "desc"
    static_code: str = "off"
    refresh_reuse: str = "reject_only"
    refresh_ttl_d: float = 365
    refresh_ttl_mode: str = "rolling"
    access_ttl_s: int = 7200
    old_access: str = "valid"
    code_ttl_s: int = 60
    delay_us_h: float = 1
    delay_ous_h: float = 3
    revoke_as: str = "401_then_invalid_grant"
    retry_after: str = "on"
    rate_per_hour: int = 60_000
    rate_counts_tokens: str = "on"
    last_sync: str = "buggy"
    system_time_zone: str = "mixed"
    user_cap: int = 5
    gzip: str = "off"

    def changed(self, values: Mapping[str, object]) -> Switches:
        for name, value in values.items():
            _refuse_wrong(name, value)
        return replace(self, **values)  # type: ignore[arg-type]  # their types were looked at right above

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


NUMBERS = {field.name for field in fields(Switches)} - set(CHOICES)


def _refuse_wrong(name: str, value: object) -> None:
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise ControlRefused(f"{name} is one of {', '.join(CHOICES[name])}, not {value!r}.")
    elif name not in NUMBERS:
        raise ControlRefused(f"There is no switch {name!r}. Known: {', '.join(sorted(NUMBERS | set(CHOICES)))}.")
    elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ControlRefused(f"{name} is a number from 0 on, not {value!r}.")
