"""Elements of an SVG as text. Every attribute and every text is escaped here, so that no caller can forget it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString, mark_safe


def element(name: str, *children: SafeString, **attributes: str | float) -> SafeString:
    """``class_`` is class, ``stroke_width`` is stroke-width; numbers are cut to one decimal."""
    written = "".join(f' {_attribute(key)}="{_value(value)}"' for key, value in attributes.items())
    return _markup(f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>")


def text(content: str, **attributes: str | float) -> SafeString:
    return element("text", _markup(escape(content)), **attributes)


def words(name: str, content: str, **attributes: str | float) -> SafeString:
    """An element that holds only text: title, desc."""
    return element(name, _markup(escape(content)), **attributes)


def picture(
    name: str, *, width: float, height: float, title: str, description: str, children: Iterable[SafeString]
) -> SafeString:
    """``name`` is unique on its page: the ids of title and description are made from it."""
    return element(
        "svg",
        words("title", title, id=f"{name}-title"),
        words("desc", description, id=f"{name}-description"),
        *children,
        id=name,
        class_="glucose-picture",
        viewBox=f"0 0 {number(width)} {number(height)}",
        role="img",
        aria_labelledby=f"{name}-title {name}-description",
    )


def number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else number(value)


def _markup(content: str) -> SafeString:
    return mark_safe(content)  # noqa: S308 - made here, of escaped parts
