"""Whatever comes: a record or quarantine, never an exception, and never nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dexcom_sync.records import PARSERS, Copy, Egv, Quarantined, parse_data_range, payload_digest, physical_readings
from dexcom_sync.records.envelopes import check_envelope
from dexcom_sync.records.outcomes import Resource
from dexcom_sync.tests.records import raw

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.text(st.characters(), max_size=20),
    st.text(st.sampled_from("\0\ud800aé"), max_size=4),
    st.sampled_from(["2025-03-09T14:05:11Z", "2025-03-09T14", "mg/dL", "mmol/L", "g7", "-1", "0", "39"]),
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
SAMPLES: dict[Resource, dict[str, Any]] = {
    Resource.EGVS: raw.egv(),
    Resource.EVENTS: raw.event(),
    Resource.CALIBRATIONS: raw.calibration(),
    Resource.ALERTS: raw.alert(),
    Resource.DEVICES: raw.device(raw.schedule(raw.setting())),
}


def nearly(sample: Any) -> st.SearchStrategy[Any]:
    """The sample, with some of its members replaced by anything, or left out."""
    if isinstance(sample, dict):
        members = {name: st.one_of(nearly(value), nearly(value), JSON) for name, value in sample.items()}
        return st.fixed_dictionaries({}, optional=members) | st.fixed_dictionaries(members)
    if isinstance(sample, list):
        return st.lists(st.one_of([nearly(one) for one in sample] or [JSON]) | JSON, max_size=3)
    return st.just(sample)


@pytest.mark.parametrize("resource", PARSERS)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_anything_gives_a_record_or_quarantine(resource: Resource, data: st.DataObject) -> None:
    value = data.draw(nearly(SAMPLES[resource]) | JSON)
    found = PARSERS[resource](value, raw.CONTEXT)

    assert found == PARSERS[resource](value, raw.CONTEXT)
    digest = found.payload_digest if isinstance(found, Quarantined) else found.provenance.payload_digest
    assert len(digest) == 16
    assert digest == payload_digest(value)
    if not isinstance(found, Quarantined):
        # What a column of JSON takes.
        kept = json.dumps([found.provenance.codes, found.provenance.extra], allow_nan=False)
        assert "\\u0000" not in kept
        assert "\\ud800" not in kept
    if isinstance(found, Egv):
        assert physical_readings([Copy.of(found)])[0].chosen.record_id == found.record_id


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_any_answer_is_checked_without_an_exception(value: Any) -> None:
    parse_data_range(value, raw.CONTEXT)
    for resource in Resource:
        check_envelope(value, resource)


@pytest.mark.parametrize("resource", PARSERS)
def test_depth_and_digits_without_end(resource: Resource) -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, {"recordId": deep}, {**SAMPLES[resource], "more": deep}, {"value": 10**5000}):
        assert PARSERS[resource](value, raw.CONTEXT) is not None
    # Dismantled step by step: the interpreter's own way of freeing it may go as deep as it is.
    while deep:
        deep = deep.pop()


def test_the_digest_of_what_no_encoder_takes_is_stable() -> None:
    first = {"a": "\ud800", "b": 10**30, "c": [1, {"d": None}]}
    turned = {"c": [1, {"d": None}], "b": 10**30, "a": "\ud800"}

    assert payload_digest(first) == payload_digest(turned)
    assert payload_digest(first) != payload_digest({**first, "b": 10**30 + 1})
