"""Records that come twice, late, or in great numbers."""

from __future__ import annotations

import numpy as np

from dexcom_sync.sandbox.contents import Contents
from dexcom_sync.sandbox.scenarios.pieces import Seconds, add_device, egv, phone, put, receiver, run
from dexcom_sync.sandbox.scenarios.specs import DAY, HOUR, STEP, Spec

BIG_DAYS = 730
RECEIVER_UPLOADS_EACH = 10 * DAY


def dual(spec: Spec) -> Contents:
    """Five days on a phone and a receiver: the same transmitter and ticks. Each misses six hours of its own."""
    phone_source = phone(spec)
    receiver_source = receiver(spec, transmitters_of=phone_source.key)
    begin = spec.anchor - 5 * DAY
    phone_off, receiver_off = begin + 30 * HOUR, begin + 60 * HOUR
    upload = spec.anchor + HOUR
    contents = Contents(
        moments={"phone_off": phone_off, "receiver_off": receiver_off, "receiver_upload": upload},
        series=[
            run(spec, phone_source, begin, spec.anchor, without=(phone_off, phone_off + 6 * HOUR)),
            run(
                spec, receiver_source, begin, spec.anchor, uploaded=upload, clock_error=3,
                without=(receiver_off, receiver_off + 6 * HOUR),
            ),
        ],
    )  # fmt: skip
    add_device(contents, spec, phone_source, since=begin, until=spec.anchor)
    add_device(contents, spec, receiver_source, since=upload, until=upload)
    return contents


def duplicates(spec: Spec) -> Contents:
    """A day of readings; then ten with the same systemTime as another, and five ids that come twice."""
    source, begin = phone(spec), spec.anchor - DAY
    contents = Contents(series=[run(spec, source, begin, spec.anchor - 4 * HOUR)])
    for number in range(10):
        at = spec.anchor - 4 * HOUR + number * STEP
        for copy in range(2):
            ticks = {"transmitterTicks": int(at - spec.first) + 40 * DAY + copy}
            put(contents, "egvs", egv(spec, source, at, 120 + number + 7 * copy, copy, **ticks), at)
    for number in range(5):
        at = spec.anchor - 2 * HOUR + number * STEP
        put(contents, "egvs", egv(spec, source, at, 150 + number), at)
        put(contents, "egvs", egv(spec, source, at, 160 + number, trend="fortyFiveUp", trendRate=1.1), at)
    add_device(contents, spec, source, since=begin, until=spec.anchor)
    return contents


def late(spec: Spec) -> Contents:
    """A day that the phone uploads a day later, and a receiver's days, older than all else, three weeks late."""
    phone_source, receiver_source = phone(spec), receiver(spec)
    begin = spec.anchor - 28 * DAY
    lost = spec.anchor - 5 * DAY
    receiver_begin, receiver_upload = begin - 2 * DAY, spec.anchor - 7 * DAY
    contents = Contents(
        moments={
            "lost_from": lost, "lost_until": lost + DAY, "lost_uploaded": lost + 2 * DAY,
            "receiver_from": receiver_begin, "receiver_until": receiver_begin + 2 * DAY,
            "receiver_uploaded": receiver_upload,
        },
        series=[
            run(spec, phone_source, begin, spec.anchor, without=(lost, lost + DAY)),
            run(spec, phone_source, lost, lost + DAY, uploaded=lost + 2 * DAY),
            run(spec, receiver_source, receiver_begin, receiver_begin + 2 * DAY, uploaded=receiver_upload),
        ],
    )  # fmt: skip
    add_device(contents, spec, phone_source, since=begin, until=spec.anchor)
    add_device(contents, spec, receiver_source, since=receiver_upload, until=receiver_upload)
    return contents


def big(spec: Spec) -> Contents:
    """Two years on a phone and, apart from it, on a receiver: 288 readings a day each."""
    phone_source, receiver_source = phone(spec), receiver(spec)

    def each_ten_days(seconds: Seconds) -> Seconds:
        uploads: Seconds = -(-seconds // RECEIVER_UPLOADS_EACH) * RECEIVER_UPLOADS_EACH
        return np.minimum(uploads, int(spec.anchor))

    contents = Contents(
        series=[
            run(spec, phone_source, spec.first, spec.anchor),
            run(spec, receiver_source, spec.first, spec.anchor, uploaded=each_ten_days),
        ]
    )
    add_device(contents, spec, phone_source, since=spec.first, until=spec.anchor)
    add_device(contents, spec, receiver_source, since=spec.first + RECEIVER_UPLOADS_EACH, until=spec.anchor)
    return contents
