"""How the staff admin looks."""

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse_lazy

from clearinghouse import navigation


def environment_badge(request) -> list[str]:
    """The label beside the title, so that nobody mistakes a trial system for the real one."""
    return ["Production", "danger"] if settings.PRODUCTION else ["Development", "warning"]


UNFOLD = {
    "SITE_TITLE": "Clearing house",
    "SITE_HEADER": "Clearing house",
    "SITE_SUBHEADER": "EV-charging roaming",
    "SITE_SYMBOL": "ev_station",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("admin/favicon.svg"),
        }
    ],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": True,
    "SHOW_BACK_BUTTON": False,
    "ACCOUNT": {
        "navigation": [
            {"title": "Second factor", "link": reverse_lazy("mfa_index")},
            {"title": "Your sessions", "link": reverse_lazy("usersessions_list")},
            {"title": "Change password", "link": reverse_lazy("account_change_password")},
        ]
    },
    "ENVIRONMENT": "clearinghouse.unfold.environment_badge",
    "DASHBOARD_CALLBACK": "clearinghouse.dashboard.dashboard",
    "STYLES": [lambda request: static("admin/clearinghouse.css")],
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(97% .02 190)",
            "100": "oklch(94% .04 190)",
            "200": "oklch(89% .07 190)",
            "300": "oklch(82% .1 190)",
            "400": "oklch(74% .11 190)",
            "500": "oklch(62% .105 195)",
            "600": "oklch(50% .09 200)",
            "700": "oklch(43% .075 205)",
            "800": "oklch(37% .06 210)",
            "900": "oklch(32% .05 215)",
            "950": "oklch(23% .04 220)",
        }
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": navigation.sidebar,
    },
    "TABS": navigation.tabs,
}
