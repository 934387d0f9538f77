"""How the staff admin looks and where its pages are: navigation by work, not by table."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def environment_badge(request) -> list[str]:
    """The label beside the title, so that nobody mistakes a trial system for the real one."""
    return ["Production", "danger"] if settings.PRODUCTION else ["Development", "warning"]


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _page(title: str, icon: str, model: str, *, query: str = "") -> dict[str, object]:
    """One entry that leads to the list of ``app.model``; shown to those who may view it."""
    app, _, name = model.partition(".")
    url = reverse_lazy(f"admin:{app}_{name}_changelist")
    return {
        "title": title,
        "icon": icon,
        "link": (lambda request, url=url: f"{url}{query}") if query else url,
        "permission": _may(f"{app}.view_{name}"),
    }


def _book(title: str, icon: str, name: str) -> dict[str, object]:
    """A page over the books that belongs to no table."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:billing_{name}"),
        "permission": _may("billing.view_fiscalperiod"),
    }


def _group(title: str, *items: dict[str, object]) -> dict[str, object]:
    return {"title": title, "separator": True, "items": list(items)}


_NAVIGATION = [
    {
        "items": [
            {
                "title": "Today",
                "icon": "dashboard",
                "link": reverse_lazy("admin:index"),
            }
        ]
    },
    _group(
        "Records",
        _page("All records", "ev_station", "roaming.sdr"),
        _page("Holds", "pan_tool", "roaming.hold"),
        _page("Alerts", "notifications", "roaming.alert", query="?state=OPEN"),
        _page("Disputes", "gavel", "roaming.dispute", query="?deadline=open"),
        _page("Matches", "compare_arrows", "roaming.match"),
        _page("Counter-records", "receipt_long", "roaming.counterrecord"),
        _page("Findings", "fact_check", "roaming.finding"),
        _page("Imports", "upload_file", "roaming.intakebatch"),
        _page("Deliveries", "outbox", "roaming.delivery"),
        _page("Rule overrides", "tune", "roaming.ruleoverride"),
    ),
    _group(
        "Real time",
        _page("Service sessions", "bolt", "roaming.servicesession"),
        _page("Remote requests", "settings_remote", "roaming.remoterequest"),
        _page("Locations", "location_on", "roaming.location"),
        _page("EVSEs there", "ev_charger", "roaming.locationevse"),
        _page("Authorization requests", "contactless", "roaming.authorizationrequest"),
        _page("Whitelists", "playlist_add_check", "roaming.whitelistentry"),
        _page("Reservations", "event_available", "roaming.reservation"),
    ),
    _group(
        "Clearing and settlement",
        _page("Windows", "calendar_month", "billing.clearingwindow"),
        _page("Settlements", "balance", "billing.settlement"),
        _page("Documents", "description", "billing.document"),
        _page("Invoices", "request_quote", "billing.invoice"),
        _page("Invoices not issued", "block", "billing.issuingblock"),
        _page("Who issues invoices", "edit_document", "billing.invoicingterms"),
        _page("Objections", "feedback", "billing.objection", query="?state__exact=OPEN"),
        _page("Cleared records", "receipt_long", "billing.clearedsdr"),
        _page("Ledger", "menu_book", "billing.transfer"),
        _page("Accounts", "account_balance", "billing.account"),
        _page("Conservation", "verified", "billing.conservationproof"),
        _page("Instructions", "payments", "billing.instruction"),
        _page("Correction runs", "published_with_changes", "billing.correctionrun"),
        _page("Manual adjustments", "edit_note", "billing.manualadjustment"),
    ),
    _group(
        "Books",
        _page("Periods", "lock_clock", "billing.fiscalperiod"),
        _book("Accruals", "pending", "accruals"),
        _book("Ageing", "hourglass_bottom", "ageing"),
        _page("Balance confirmations", "fact_check", "billing.balanceconfirmation"),
        _page("Posting exports", "ios_share", "billing.postingexport"),
        _page("Account mapping", "account_tree", "billing.accountmapping"),
    ),
    _group(
        "Payments",
        _page("Payment files", "upload", "billing.paymentfile"),
        _page("Payments", "payments", "billing.payment"),
        _page("SEPA mandates", "signature", "billing.debitmandate"),
        _page("Changes of bank details", "published_with_changes", "partners.bankdetailchange"),
    ),
    _group(
        "Bank",
        _page("Exceptions", "rule", "billing.bankexception", query="?waits=yes"),
        _page("Statements of account", "receipt_long", "billing.bankstatement"),
        _page("Payments on the account", "swap_vert", "billing.bankentry"),
        _page("Missing statements", "unknown_document", "billing.statementgap"),
        _page("Files received", "attach_file", "billing.bankfile"),
        _page("Write-offs", "money_off", "billing.writeoff"),
        _page("Dunning", "mark_email_unread", "billing.dunningstep"),
    ),
    _group(
        "Risk",
        _page("Exposure", "speed", "billing.exposurereading"),
        _page("Blocks", "front_hand", "billing.exposureblock"),
        _page("Cover", "savings", "billing.coverbooking"),
        _page("Defaults", "report", "billing.defaultcase"),
    ),
    _group(
        "VAT, fees and rates",
        _page("Blocked supplies", "block", "billing.supplyblock", query="?settled_in__isnull=True"),
        _page("Taxed supplies", "percent", "billing.taxedsupply"),
        _page("VAT rates", "percent", "partners.taxrate"),
        _page("VAT treatments", "rule", "billing.taxtreatment"),
        _page("Domestic reverse charge", "swap_horiz", "billing.domesticreversecharge"),
        _page("Price list", "sell", "partners.feecomponent"),
        _page("Fee lines", "receipt", "billing.feeline"),
        _page("ECB rates", "currency_exchange", "billing.fxrate"),
        _page("Exchanged positions", "price_change", "billing.currencyexchange"),
    ),
    _group(
        "Partners",
        _page("Partners", "handshake", "partners.partner"),
        _page("Parties", "badge", "partners.party"),
        _page("Agreements", "contract", "partners.roamingagreement"),
        _page("Contracts with us", "assignment", "partners.participationcontract"),
        _page("Settlement groups", "group_work", "partners.settlementgroup"),
        _page("Mandates", "assignment_ind", "partners.mandate"),
        _page("Bank accounts", "account_balance_wallet", "partners.bankaccount"),
    ),
    _group(
        "Told beforehand",
        _page("EVSEs", "ev_charger", "roaming.evse"),
        _page("EVSE outages", "power_off", "roaming.evseoutage"),
        _page("Meter keys", "key_vertical", "roaming.meterkey"),
        _page("Credentials", "contactless", "roaming.credential"),
        _page("Authorizations", "how_to_vote", "roaming.authorization"),
    ),
    _group(
        "Operation",
        _page("Jobs", "pending_actions", "partners.job"),
        _page("Clearing runs", "sync", "billing.clearingrun"),
        _page("Connections", "hub", "partners.roamingendpoint"),
        _page("Exchanges", "swap_calls", "roaming.exchange"),
        _page("Certifications", "workspace_premium", "partners.certificationrun"),
        _page("Webhooks", "webhook", "roaming.webhooksubscription"),
        _page("API clients", "key", "partners.apiclient"),
    ),
    _group(
        "Control",
        _page("Approvals", "how_to_reg", "partners.approval"),
        _page("Audit", "history", "partners.auditevent"),
        _page("Erasures", "delete_history", "roaming.erasure"),
        _page("Users", "person", "partners.user"),
        _page("Roles", "groups", "auth.group"),
    ),
]

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
        "navigation": _NAVIGATION,
    },
}
