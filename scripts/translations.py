"""Catalogues of the report's languages. With --write the code's words go into each report.po, and that into report.mo.

Without it, this fails where a word of the code has no translation, or report.mo says something else than report.po.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

REPORT = Path(__file__).resolve().parent.parent / "reports" / "glucose_report"
HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""
CALLS = {"say": None, "say_of": ((1, "c"), 2), "say_many": (1, 2)}


def words_of_the_code() -> Catalog:
    catalogue = Catalog(project="glucose-platform", charset="utf-8")
    found = extract_from_dir(REPORT, [("**.py", "python")], keywords=CALLS)
    for _, _, words, _, context in found:
        catalogue.add(words, context=context)
    return catalogue


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def said(catalogue: Catalog) -> dict[tuple[str, ...], list[str]]:
    """Without the header, in which Babel names itself and the hour. What it reads of a .mo has contexts in bytes."""
    found = {}
    for message in catalogue:
        context: object = message.context or ""
        name = context.decode() if isinstance(context, bytes) else str(context)
        if message.id:
            found[(name, *_texts(message.id))] = _texts(message.string)
    return found


def _texts(said: object) -> list[str]:
    return [str(text) for text in said] if isinstance(said, list | tuple) else [str(said)]


def update(path: Path, words: Catalog) -> None:
    """New words stand in the file without a translation then, and those that the code lost are gone."""
    catalogue = read(path)
    catalogue.update(words, no_fuzzy_matching=True, update_creation_date=False)
    file = io.BytesIO()
    write_po(file, catalogue, width=120, omit_header=True, ignore_obsolete=True, sort_output=True)
    header = HEADER.format(language=path.parent.parent.name, plurals=catalogue.plural_forms)
    path.write_bytes(header.encode() + file.getvalue())
    with path.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, read(path))


def faults(path: Path, words: Catalog) -> list[str]:
    catalogue = read(path)
    found = []
    for message in words:
        if not message.id:
            continue
        known = catalogue.get(message.id, context=message.context)
        texts = [] if known is None else _texts(known.string)
        if not texts or not all(texts):
            found.append(f"{path.relative_to(REPORT)}: no translation of {message.id!r}")
        elif known is not None and known.fuzzy:
            found.append(f"{path.relative_to(REPORT)}: the translation of {message.id!r} is only a guess (fuzzy)")
    with path.with_suffix(".mo").open("rb") as file:
        is_compiled = said(read_mo(file)) == said(catalogue)
    if not is_compiled:
        found.append(f"{path.relative_to(REPORT)} is not what its .mo says: run `make generate` and commit both")
    return found


def main(write: bool) -> int:
    words = words_of_the_code()
    paths = sorted(REPORT.glob("locale/*/LC_MESSAGES/report.po"))
    if write:
        for path in paths:
            update(path, words)
    found = [fault for path in paths for fault in faults(path, words)]
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(write="--write" in sys.argv[1:]))
