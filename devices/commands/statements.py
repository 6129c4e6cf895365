"""What devices do with their commands, in SQL that the data plane runs for many devices at once."""

from __future__ import annotations

from devices.commands.steps import OFFER_AGAIN_SECONDS

# Of a row of devices_devicecommand called ``command``: the device would get it if it asked now.
# Not now(), which is when the transaction began.
WAITING = """
(command.status = 'pending' AND command.due_at <= statement_timestamp()
 OR command.status = 'sent' AND command.offer_again_at <= statement_timestamp())
AND command.expires_at > statement_timestamp()
"""


def number_waiting(*, organization: str, device: str) -> str:
    """An expression: how many commands the device would get. Name the two columns, as ``device.id``."""
    waiting = f"""(SELECT count(*) FROM devices_devicecommand command
                 WHERE command.organization_id = {organization} AND command.device_id = {device}
                   AND command.status IN ('pending', 'sent') AND {WAITING})"""  # noqa: S608  names of columns, from statements of ours
    return waiting


_UNTIL = """CASE command.status
                WHEN 'pending' THEN statement_timestamp() + make_interval(secs => command.timeout_seconds)
                ELSE command.expires_at END"""
# The most urgent first, then the oldest. What another poller of the same device takes at this moment is its own; what
# is taken and never reported is offered again after a while, until it expires. Time to do it begins with the first.
CLAIM = f"""
WITH asked AS (
    SELECT * FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(most)s::bigint[], %(by)s::text[])
             WITH ORDINALITY AS asked (organization_id, device_id, most, by, position)
), taken AS MATERIALIZED (
    SELECT asked.position, asked.by, free.organization_id, free.id
      FROM asked CROSS JOIN LATERAL (
           SELECT command.organization_id, command.id FROM devices_devicecommand command
            WHERE command.organization_id = asked.organization_id AND command.device_id = asked.device_id
              AND command.status IN ('pending', 'sent') AND {WAITING}
            ORDER BY command.priority DESC, command.id LIMIT asked.most
              FOR NO KEY UPDATE SKIP LOCKED) free
), given AS (
    UPDATE devices_devicecommand command
       SET status = 'sent', deliveries = command.deliveries + 1,
           sent_at = COALESCE(command.sent_at, statement_timestamp()),
           offer_again_at = statement_timestamp() + make_interval(secs => {OFFER_AGAIN_SECONDS}),
           expires_at = {_UNTIL}, next_step_at = {_UNTIL}
      FROM taken
     WHERE command.organization_id = taken.organization_id AND command.id = taken.id
 RETURNING taken.position, taken.by, command.organization_id, command.id, command.device_id, command.public_id,
           command.type, command.priority, command.parameters, command.expires_at, command.attempt, command.deliveries
), noted AS (
    INSERT INTO devices_commandstep (organization_id, command_id, at, status, attempt, by, note)
    SELECT organization_id, id, statement_timestamp(), 'sent', attempt, by,
           CASE WHEN deliveries > attempt + 1 THEN 'delivery ' || deliveries ELSE '' END
      FROM given
)
SELECT position, organization_id, device_id, public_id, type, parameters::text, expires_at, attempt FROM given
 ORDER BY position, priority DESC, id
"""  # noqa: S608  constant text
# Of the commands that reports name, in one order for all who lock them.
REPORTED = """
SELECT asked.position, command.id, command.status, command.expires_at, command.attempt, command.type,
       command.result::text, command.error, command.retries, command.retry_delay_seconds
  FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(public_id)s::uuid[])
       WITH ORDINALITY AS asked (organization_id, device_id, public_id, position)
  JOIN devices_devicecommand command
    ON command.organization_id = asked.organization_id AND command.public_id = asked.public_id
   AND command.device_id = asked.device_id
 ORDER BY command.organization_id, command.id
   FOR NO KEY UPDATE OF command
"""
REPORT = """
WITH said AS (
    SELECT * FROM unnest(%(organization_id)s::bigint[], %(id)s::bigint[], %(status)s::text[], %(result)s::jsonb[],
                         %(error)s::text[], %(next_step_at)s::timestamptz[], %(by)s::text[])
             AS said (organization_id, id, status, result, error, next_step_at, by)
), noted AS (
    INSERT INTO devices_commandstep (organization_id, command_id, at, status, attempt, by, note)
    SELECT command.organization_id, command.id, statement_timestamp(), said.status, command.attempt, said.by, said.error
      FROM said JOIN devices_devicecommand command
        ON command.organization_id = said.organization_id AND command.id = said.id
)
UPDATE devices_devicecommand command
   SET status = said.status, result = said.result, error = said.error, offer_again_at = NULL,
       executing_at = CASE said.status WHEN 'executing' THEN statement_timestamp() ELSE command.executing_at END,
       finished_at = CASE said.status WHEN 'executing' THEN NULL ELSE statement_timestamp() END,
       next_step_at = said.next_step_at
  FROM said
 WHERE command.organization_id = said.organization_id AND command.id = said.id
"""
