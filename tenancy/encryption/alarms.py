from __future__ import annotations

from typing import NoReturn

import structlog
from prometheus_client import Counter

from tenancy.encryption.errors import TamperedError

logger = structlog.get_logger(__name__)
TAMPERED = Counter("glucose_tampered_values_total", "Sealed values that did not open where they stood", ["table"])


def refuse_tampered(*, table: str, field: str, key_id: int) -> NoReturn:
    """Log the alarm, which holds nothing of the value or of the row, and refuse."""
    TAMPERED.labels(table).inc()
    logger.critical("sealed_value_refused", table=table, field=field, sealed_by=key_id)
    raise TamperedError(
        f"A value of {table}.{field} does not open where it stands: it was changed, moved, or belongs to a key that "
        "is not this clinic's. Compare the table with a backup before anything else is written there."
    )
