"""The page as PDF: set by typst, in this process, from the template and the fonts of this folder. No network.

For archives (PDF/A-2a), with the structure that screen readers need (PDF/UA-1).
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from pathlib import Path

import typst

from reports.glucose_report.content import ReportContent

TEMPLATE = Path(__file__).parent / "template"
# What typst says of a letter that no font has, and what is printed in its place.
UNKNOWN_LETTERS = re.compile(r'the text `"(.+?)"` could not be displayed')
PLACEHOLDER = "□"

# A compiler keeps what it has parsed and shaped, and serves one thread at a time.
_lock = threading.Lock()


@cache
def _compiler() -> typst.Compiler:
    """The fonts that typst brings stand in for scripts that ours lack."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(TEMPLATE / "fonts")])
    return typst.Compiler(str(TEMPLATE / "report.typ"), root=str(TEMPLATE), font_paths=fonts)


def report_pdf(content: ReportContent, *, made_at: datetime) -> bytes:
    """Letters that no font has become boxes; a name is never printed without saying that some are missing."""
    with _lock:
        try:
            return _compiled(content, made_at)
        except typst.TypstError as error:
            unknown = set("".join(UNKNOWN_LETTERS.findall(f"{error.diagnostic} {error.message}")))
            if not unknown:
                raise
            return _compiled(_without(content, unknown), made_at)


def _compiled(content: ReportContent, made_at: datetime) -> bytes:
    made = _compiler().compile(
        format="pdf",
        sys_inputs={"content": json.dumps(asdict(content), ensure_ascii=False)},
        pdf_standards=["a-2a", "ua-1"],
        timestamp=round(made_at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("the report did not become one file")
    return made


def _without(content: ReportContent, unknown: set[str]) -> ReportContent:
    """Only what people have entered can hold such letters."""
    boxes = str.maketrans(dict.fromkeys(unknown, PLACEHOLDER))
    return replace(
        content,
        clinic=content.clinic.translate(boxes),
        patient_name=content.patient_name.translate(boxes),
        patient=tuple(replace(fact, value=fact.value.translate(boxes)) for fact in content.patient),
        footer=tuple(line.translate(boxes) for line in content.footer),
        warnings=(content.unprintable, *content.warnings),
    )
