"""How each style of the content is painted; the template of the PDF has the same."""

from __future__ import annotations

INK, QUIET, RULE, FAINT, EMPTY = "#1d2733", "#4d5866", "#c3cad3", "#e7eaee", "#c9ced5"

Paint = dict[str, str | float]

# Light, middle, dark and the bar's colour of each range.
SHADES = {
    "very-low": ("#e8b9b9", "#c96a6a", "#7a1414", "#8c1c1c"),
    "low": ("#f6cfcf", "#e58a8a", "#ad1f1f", "#d64a4f"),
    "in-range": ("#d3e8d6", "#8cc295", "#1d6a30", "#52a05f"),
    "high": ("#fbebc0", "#efc860", "#946000", "#f2b93b"),
    "very-high": ("#f9d8bd", "#ea9f60", "#a04600", "#dd6b14"),
}
AREAS: dict[str, Paint] = {"target": {"fill": "#e6f2e8"}}
LINES: dict[str, Paint] = {
    "grid": {"stroke": FAINT, "stroke_width": 0.6},
    "frame": {"stroke": RULE, "stroke_width": 0.6},
    "limit": {"stroke": RULE, "stroke_width": 0.6, "stroke_dasharray": "3 3"},
    "target": {"stroke": "#1d6a30", "stroke_width": 1.0},
    "edge": {"stroke": QUIET, "stroke_width": 0.6, "stroke_dasharray": "1 1.5"},
    "quarter": {"stroke": QUIET, "stroke_width": 0.5},
    "trace": {"stroke": INK, "stroke_width": 0.8},
}
for _name, (_light, _middle, _dark, _) in SHADES.items():
    AREAS[f"outer-{_name}"] = {"fill": _light}
    AREAS[f"middle-{_name}"] = AREAS[f"beyond-{_name}"] = {"fill": _middle}
    LINES[f"median-{_name}"] = {"stroke": _dark, "stroke_width": 2.0}


def bar_colour(name: str) -> str:
    return SHADES[name][3]
