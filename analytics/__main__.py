"""Every metric of a file of readings: python -m analytics FILE.csv"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from analytics.csv_file import FileRefused, Unit, read_traces
from analytics.goals import Preset
from analytics.plain import as_plain
from analytics.summary import Analysis, analyse
from analytics.table import table
from analytics.trace import MINUTE, Trace

REFUSED = 1
FORMAT = """
The first line names the columns: of times (ISO 8601, such as 2026-11-22 14:05 or 2026-11-22T14:05:00+01:00), of
glucose and, where the file holds more than one person, of subjects:

    subject,time,glucose
    Ada,2026-11-22 14:05,112

Exit status: 0, done; 1, the file is refused, with the reason; 2, the command was not understood.
Metrics and their sources: docs/analytics.md
"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        traces, unit = read_traces(options.file, options.zone, options.unit)
    except FileRefused as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    if not traces:
        sys.stderr.write(f"{options.file} holds no reading.\n")
        return REFUSED
    analyses = {name: _whole(trace, options.preset) for name, trace in traces.items()}
    sys.stdout.write((_json(analyses, unit) if options.json else table(analyses, unit)) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m analytics",
        description="Every glucose metric of each person in a CSV file.",
        epilog=FORMAT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE.csv")
    parser.add_argument(
        "--zone", type=_zone, default="UTC", help="whose clock times without an offset are of, and days (%(default)s)"
    )
    parser.add_argument(
        "--unit", choices=("mg/dL", "mmol/L"), help="of the values, where the header does not say it (mg/dL)"
    )
    parser.add_argument(
        "--preset", type=Preset, choices=list(Preset), default=Preset.ADULT, help="whose limits (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="all results with percentiles and days, always in mg/dL")
    return parser


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        raise argparse.ArgumentTypeError(f"there is no time zone {name!r}: name it as Europe/Berlin") from error


def _whole(trace: Trace, preset: Preset) -> Analysis:
    """From the first reading to the end of what the last one stands for."""
    return analyse(trace, int(trace.instants[0]), int(trace.instants[-1]) + trace.interval * MINUTE, preset)


def _json(analyses: Mapping[str, Analysis], unit: Unit) -> str:
    subjects = {name: as_plain(analysis) for name, analysis in analyses.items()}
    return json.dumps({"unit": "mg/dL", "unit_of_file": unit, "subjects": subjects}, allow_nan=False)


if __name__ == "__main__":
    sys.exit(main())
