"""Management commands as a person at a terminal sees them."""

from __future__ import annotations

import io
from dataclasses import dataclass

from django.core.management import CommandError, call_command


@dataclass(frozen=True)
class Result:
    """``error`` is the sentence that the command ended with, "" if it ended well."""

    out: str
    err: str
    error: str


def run_command(name: str, *arguments: str) -> Result:
    out, err, sentence = io.StringIO(), io.StringIO(), ""
    try:
        call_command(name, *arguments, stdout=out, stderr=err)
    except CommandError as error:
        sentence = str(error)
    return Result(out.getvalue(), err.getvalue(), sentence)
