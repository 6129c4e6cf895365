"""PostgreSQL's own log. Django writes values into its statements, and messages of errors repeat them: all of that is
patients' data, and the caller gets its error anyway.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

QUIET = {
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
}
# Values under which nothing of a statement is written either.
_ALSO_QUIET = {
    "log_min_messages": {"fatal", "panic"},
    "log_min_error_statement": {"log", "fatal"},
    "log_error_verbosity": {"default", "verbose"},
    "log_statement": {"ddl"},
}
SETTINGS_QUERY = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"


def telling(settings: Mapping[str, str]) -> Iterator[str]:
    """Of the settings of a session, those with which its statements could show up in the log."""
    for name, value in QUIET.items():
        current = settings.get(name, value)
        if current != value and current not in _ALSO_QUIET.get(name, set()):
            yield name
