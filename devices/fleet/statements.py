"""What devices tell of themselves, stored for many devices of several clinics by one statement each.

Rows name their organization everywhere: the policies hold the line, and a distributed engine routes by it.
"""

from __future__ import annotations

from devices.commands.statements import number_waiting

SAMPLE_MINUTES = 15
_FACTS = ("battery_level", "signal_strength", "uptime", "temperature", "memory_usage", "cpu_usage", "clock_skew")

# A heartbeat says all that the device knows at that moment: what it leaves out is not known any more. A status says
# only what it says. The first of each quarter of an hour is kept as a sample. OFFSET 0: each look goes by the index.
_HEARD = """
WITH sent AS MATERIALIZED (
    SELECT *
      FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(status)s::text[], %(firmware)s::text[],
                  %(battery_level)s::smallint[], %(signal_strength)s::smallint[], %(uptime)s::bigint[],
                  %(temperature)s::float8[], %(memory_usage)s::float8[], %(cpu_usage)s::float8[],
                  %(clock_skew)s::integer[], %(settings_version)s::integer[])
           AS sent (organization_id, device_id, status, firmware, battery_level, signal_strength, uptime, temperature,
                    memory_usage, cpu_usage, clock_skew, settings_version)
), slot AS MATERIALIZED (
    SELECT date_bin('{minutes} minutes', now(), timestamptz '2020-01-01Z') AS instant
), sampled AS (
    INSERT INTO devices_heartbeatsample (organization_id, device_id, sampled_at, battery_level, signal_strength,
                temperature, memory_usage, cpu_usage)
    SELECT sent.organization_id, sent.device_id, slot.instant, sent.battery_level, sent.signal_strength,
           sent.temperature, sent.memory_usage, sent.cpu_usage
      FROM sent CROSS JOIN slot
      LEFT JOIN LATERAL (SELECT state.sampled_at FROM devices_devicestate state
                          WHERE state.organization_id = sent.organization_id AND state.device_id = sent.device_id
                         OFFSET 0) known ON true
     WHERE known.sampled_at IS DISTINCT FROM slot.instant
     ORDER BY sent.organization_id, sent.device_id
    ON CONFLICT (organization_id, device_id, sampled_at) DO NOTHING
), heard AS (
    INSERT INTO devices_devicestate AS state (organization_id, device_id, heard_at, sampled_at, status,
                firmware_version, battery_level, signal_strength, uptime, temperature, memory_usage, cpu_usage,
                clock_skew, settings_version)
    SELECT sent.organization_id, sent.device_id, now(), slot.instant, sent.status, COALESCE(sent.firmware, ''),
           sent.battery_level, sent.signal_strength, sent.uptime, sent.temperature, sent.memory_usage, sent.cpu_usage,
           sent.clock_skew, sent.settings_version
      FROM sent CROSS JOIN slot ORDER BY sent.organization_id, sent.device_id
    ON CONFLICT (organization_id, device_id) DO UPDATE
       SET heard_at = EXCLUDED.heard_at, sampled_at = EXCLUDED.sampled_at, status = EXCLUDED.status,
           firmware_version = COALESCE(NULLIF(EXCLUDED.firmware_version, ''), state.firmware_version), {facts},
           settings_version = COALESCE(EXCLUDED.settings_version, state.settings_version)
    RETURNING organization_id, device_id, settings_version, firmware_version
)
SELECT heard.organization_id, heard.device_id, device.settings_version IS DISTINCT FROM heard.settings_version,
       heard.firmware_version NOT IN ('', device.firmware_version), {waiting}
  FROM heard
 CROSS JOIN LATERAL (SELECT settings_version, firmware_version FROM devices_device known
                      WHERE known.organization_id = heard.organization_id AND known.id = heard.device_id
                     OFFSET 0) device
"""


def _heard(facts: str) -> str:
    waiting = number_waiting(organization="heard.organization_id", device="heard.device_id")
    return _HEARD.format(minutes=SAMPLE_MINUTES, facts=facts, waiting=waiting)


HEARTBEAT = _heard(", ".join(f"{name} = EXCLUDED.{name}" for name in _FACTS))
STATUS = _heard(", ".join(f"{name} = COALESCE(EXCLUDED.{name}, state.{name})" for name in _FACTS))

# After an update of its firmware only: most heartbeats say what the clinic knows.
NOTE_FIRMWARE = """
UPDATE devices_device device SET firmware_version = sent.firmware
  FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(firmware)s::text[])
       AS sent (organization_id, id, firmware)
 WHERE device.organization_id = sent.organization_id AND device.id = sent.id
   AND device.firmware_version <> sent.firmware
"""

SETTINGS = """
SELECT asked.organization_id, asked.id, device.settings_version, device.reading_interval,
       chosen.skin_tone_compensation, chosen.motion_sensitivity, chosen.sampling_rate, chosen.alert_low,
       chosen.alert_high
  FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[]) AS asked (organization_id, id)
 CROSS JOIN LATERAL (SELECT settings_version, reading_interval FROM devices_device known
                      WHERE known.organization_id = asked.organization_id AND known.id = asked.id
                     OFFSET 0) device
  LEFT JOIN LATERAL (SELECT skin_tone_compensation, motion_sensitivity, sampling_rate, alert_low, alert_high
                       FROM devices_devicesettings stored
                      WHERE stored.organization_id = asked.organization_id AND stored.device_id = asked.id
                     OFFSET 0) chosen ON true
"""

# The row is held until the commit: entries of one device are numbered one post after the other.
COUNT_ENTRIES = """
INSERT INTO devices_devicestate AS state (organization_id, device_id, logged)
SELECT organization_id, device_id, amount
  FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(amount)s::bigint[])
       AS sent (organization_id, device_id, amount)
 ORDER BY organization_id, device_id
ON CONFLICT (organization_id, device_id) DO UPDATE SET logged = state.logged + EXCLUDED.logged
RETURNING organization_id, device_id, logged
"""
STORE_ENTRIES = """
INSERT INTO devices_devicelog (organization_id, device_id, number, received_at, logged_at, level, message, context)
SELECT organization_id, device_id, number, now(), logged_at, level, message, context
  FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(number)s::bigint[],
              %(logged_at)s::timestamptz[], %(level)s::smallint[], %(message)s::text[], %(context)s::jsonb[])
       AS sent (organization_id, device_id, number, logged_at, level, message, context)
"""
# What is beyond the bound goes with the entries that took its place.
FORGET_ENTRIES = """
DELETE FROM devices_devicelog entry
 USING unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(upto)s::bigint[])
       AS told (organization_id, device_id, upto)
 WHERE entry.organization_id = told.organization_id AND entry.device_id = told.device_id
   AND entry.number <= told.upto
"""
