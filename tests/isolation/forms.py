"""The forms of a page, as a browser would send them: one for each button."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""
        self._text_area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        if not self.forms:
            return
        form, name = self.forms[-1], given.get("name", "")
        if tag == "button":
            form.buttons.append((name, given.get("value", "")))
        elif tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            form.fields[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in form.fields):
            form.fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._text_area = name
            form.fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        self._select = "" if tag == "select" else self._select
        self._text_area = "" if tag == "textarea" else self._text_area

    def handle_data(self, data: str) -> None:
        if self._text_area and self.forms:
            self.forms[-1].fields[self._text_area] += data


# Names that any text fits: other values, or the form would save what is there.
_CHANGED = ("name", "first_name")


def submissions(html: str, path: str) -> list[tuple[str, dict[str, str]]]:
    """Where and what: every form that posts, with each of its buttons, and with names changed."""
    reader = _Reader()
    reader.feed(html)
    return [
        (form.action or path, {**_filled(form.fields), **dict([button])})
        for form in reader.forms
        if form.method == "post"
        for button in form.buttons or [("", "")]
    ]


def _filled(fields: dict[str, str]) -> dict[str, str]:
    return {name: "Changed" if name in _CHANGED else value for name, value in fields.items()}
