"""A patient's readings as a file: read in pages that are found by key, each in a short transaction of its own.

Nothing is held while a page goes to the socket: no transaction, no cursor, no scope. A file says at its end that it is
complete; whatever stops it before leaves it without that.
"""

from accounts.authority import Authority, authority_of, constant_authority
from readings.exports.csv_file import csv_parts
from readings.exports.json_file import json_parts
from readings.exports.pages import Export, ExportEnded, export_pages
from readings.exports.services import EXPORTED, begin_export, note_ended_export
from readings.exports.workbook import write_workbook

__all__ = [
    "EXPORTED",
    "Authority",
    "Export",
    "ExportEnded",
    "authority_of",
    "begin_export",
    "constant_authority",
    "csv_parts",
    "export_pages",
    "json_parts",
    "note_ended_export",
    "write_workbook",
]
