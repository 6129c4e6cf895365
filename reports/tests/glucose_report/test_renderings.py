# ruff: noqa: RUF001 - names of people
"""What stands in the content stands in the PDF and in the SVG, word by word."""

from __future__ import annotations

import io
import re
from dataclasses import asdict
from html import unescape

import pypdf
import pytest
import typst

from analytics.goals import Preset
from reports.glucose_report import pdf as pdf_module
from reports.glucose_report.language import LanguageCode, language
from reports.glucose_report.pdf import report_pdf
from reports.glucose_report.svg.page import report_svg
from reports.tests.glucose_report.made import MADE_AT, report, shown_texts, squeezed, trace

REPORTS = {
    "usual": {},
    "german, mmol/L, letter": {"language": "de", "unit": "mmol/L", "paper": "letter"},
    "pregnancy, a week": {"preset": Preset.PREGNANCY, "days": 7, "language": "de"},
    "older, a month with few days": {"of": trace(2), "days": 30, "preset": Preset.OLDER, "paper": "letter"},
    "less than a day": {"of": trace(0.5), "unit": "mmol/L"},
}


def opened(content):
    return pypdf.PdfReader(io.BytesIO(report_pdf(content, made_at=MADE_AT)))


@pytest.mark.parametrize("chosen", REPORTS.values(), ids=REPORTS)
def test_every_word_and_number_stands_in_both(chosen):
    content = report(**chosen)
    texts = list(shown_texts(asdict(content)))
    assert len(texts) > 20
    document = opened(content)
    printed = document.pages[0].extract_text()
    assert [text for text in texts if not stands_in(text, printed)] == []
    drawn = "\n".join(unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", report_svg(content)))
    # The picture sets a sentence that is too long for a box on two lines.
    halves = [part for text in texts if not stands_in(text, drawn) for part in text.split(": ", 1)]
    assert [part for part in halves if not stands_in(part, drawn)] == []
    assert len(document.pages) == 1


def stands_in(text, page):
    """With line breaks anywhere; a number is not found inside a longer one."""
    letters = r"\s*".join(re.escape(letter) for letter in squeezed(text))
    return re.search(rf"(?<!\d){letters}(?!\d)" if text[-1].isdigit() else rf"(?<!\d){letters}", page) is not None


def test_it_is_made_for_archives_and_screen_readers_with_fonts_of_its_own():
    document = opened(report())
    metadata = document.xmp_metadata.stream.get_data().decode()
    assert re.search(r"pdfaid:part\W+2\b", metadata)
    assert re.search(r"pdfaid:conformance\W+A\b", metadata)
    assert re.search(r"pdfuaid:part\W+1\b", metadata)
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("en")
    fonts = [font.get_object() for font in document.pages[0]["/Resources"]["/Font"].get_object().values()]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)
        assert "Inter" in descriptor["/FontName"]
    # Lines and areas, and no pictures of them.
    assert "/XObject" not in document.pages[0]["/Resources"] or not document.pages[0].images
    alternatives = [element for element in _figures(root["/StructTreeRoot"]) if "/Alt" in element]
    assert len(alternatives) == 1 + 1 + 14


def _figures(node):
    node = node.get_object()
    if isinstance(node, list):
        for part in node:
            yield from _figures(part)
    elif isinstance(node, dict):
        if node.get("/S") == "/Figure":
            yield node
        if "/K" in node:
            yield from _figures(node["/K"])


@pytest.mark.parametrize(("paper", "size"), [("a4", (595, 842)), ("letter", (612, 792))])
def test_sizes(paper, size):
    box = opened(report(paper=paper)).pages[0].mediabox
    assert (round(box.width), round(box.height)) == size


def test_long_names_and_all_warnings_stay_on_one_page():
    document = opened(
        report(
            trace(4), days=7, paper="letter", language="de", clinic="Klinik " * 20,
            name=("Wilhelmina " * 9 + "李, ") * 2,
            record_number="9" * 64, sources=tuple(f"{'Sensor ' * 12}({number})" for number in range(9)),
        )
    )  # fmt: skip
    assert len(document.pages) == 1
    assert "Seite1von1" in squeezed(document.pages[0].extract_text())


def test_letters_without_a_font_become_boxes_and_that_is_said():
    printed = squeezed(opened(report(name="李小龙, Łucja Γιώργος Дмитрий محمد")).pages[0].extract_text())
    assert "□□□,ŁucjaΓιώργοςДмитрий" in printed
    assert "□standsforaletterthatcannotbeprinted:gobythepatientIDandthedateofbirth." in printed


def test_other_errors_of_the_template_are_not_hidden(monkeypatch):
    def broken(content, made_at):
        typst.compile(b"#panic()")

    monkeypatch.setattr(pdf_module, "_compiled", broken)
    with pytest.raises(typst.TypstError):
        report_pdf(report(), made_at=MADE_AT)


def test_nothing_that_people_typed_becomes_markup():
    name = "#panic() <b>&*_$`\"'\\"
    content = report(name=name, clinic=name)
    assert squeezed(name) in squeezed(opened(content).pages[0].extract_text())
    assert "<b>" not in report_svg(content)
    assert "&lt;b&gt;" in report_svg(content)


def test_german_has_a_word_for_everything():
    """A word without a translation would stand in English, silently."""
    english = set(shown_texts(asdict(report(trace(2), days=7))))
    german = set(shown_texts(asdict(report(trace(2), days=7, language="de"))))
    same = {text for text in english & german if re.search(r"[a-z]{3}", text)}
    units = {text for text in same if re.fullmatch(r"[^a-z]*(mg/dL|mmol/mol)", text)}
    assert same - units == {"Northside Clinic", "Okonkwo, Adaeze", "user_5678", "Europe/Berlin"}
    words = language(LanguageCode.GERMAN)
    assert words.decimal(1234.56) == "1234,6"
    assert words.whole(12345) == "12.345"
    assert words.percent("5") == "5\u00a0%"
    assert words.date(MADE_AT.date()) == "22. Nov. 2026"
