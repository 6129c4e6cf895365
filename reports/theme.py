"""How the admin looks. The settings import this while Django is not ready yet, so it imports nothing."""

from __future__ import annotations

UNFOLD = {
    "SITE_TITLE": "Glucose Platform",
    "SITE_HEADER": "reports.unfold.site_header",
    "SITE_SUBHEADER": "reports.unfold.site_subheader",
    "SITE_DROPDOWN": "reports.unfold.organizations",
    "SITE_SYMBOL": "glucose",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "reports.unfold.favicon"}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "reports.unfold.environment",
    "ACCOUNT": {"navigation": "reports.unfold.account_links"},
    "STYLES": ["reports.unfold.stylesheet"],
    "COLORS": {
        "primary": {
            "50": "#eff8fa", "100": "#d8edf2", "200": "#b2dbe5", "300": "#7fc1d1", "400": "#47a1b7", "500": "#23849c",
            "600": "#176a80", "700": "#155668", "800": "#154655", "900": "#143b48", "950": "#092631",
        }
    },
    # Names must not be kept in the cache or the browser, so the palette is answered by the site's own search.
    "COMMAND": {"search_models": False, "show_history": False},
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": "reports.unfold.navigation"},
}  # fmt: skip
