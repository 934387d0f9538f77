"""Where staff's pages are: by work, not by table. An area is an entry of the sidebar, its lists are
tabs, and a list is in one area only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape


@dataclass(frozen=True, slots=True)
class Page:
    """The list of ``model`` ("app.name") or, with ``url_name``, a page told to those who may view
    that model, to all staff without one. ``query``: how the list opens.
    """

    title: str
    model: str
    query: str = ""
    url_name: str = ""

    @property
    def path(self) -> str:
        return _path(self.url_name or f"admin:{self.model.replace('.', '_')}_changelist")

    @property
    def address(self) -> str:
        return f"{self.path}{self.query}"

    def is_open_to(self, request: HttpRequest) -> bool:
        app, _, name = self.model.partition(".")
        return not self.model or bool(request.user.has_perm(f"{app}.view_{name}"))


@dataclass(frozen=True, slots=True)
class Area:
    title: str
    icon: str
    pages: Sequence[Page]

    def first_of(self, request: HttpRequest) -> str:
        """Where the entry leads: the first page that this person may see."""
        return next((page.address for page in self.pages if page.is_open_to(request)), "")

    def is_open_to(self, request: HttpRequest) -> bool:
        return any(page.is_open_to(request) for page in self.pages)

    def holds(self, request: HttpRequest) -> bool:
        """Is the page that is looked at one of this area, or below one?"""
        return self.title == _area_at(request.path)


_MATRIX = "admin:billing_clearingwindow_netting"

WORK = (
    Area(
        "Today",
        "dashboard",
        (
            Page("Today", "", url_name="admin:index"),
            Page("Figures", "roaming.dayfigure", url_name="admin-figures"),
        ),
    ),
    Area(
        "Records",
        "ev_station",
        (
            Page("All records", "roaming.sdr"),
            Page("Imports", "roaming.intakebatch"),
            Page("Findings", "roaming.finding"),
            Page("Service sessions", "roaming.servicesession"),
            Page("Authorization requests", "roaming.authorizationrequest"),
            Page("Remote requests", "roaming.remoterequest"),
            Page("Reservations", "roaming.reservation"),
        ),
    ),
    Area(
        "Holds",
        "pan_tool",
        (
            Page("Holds", "roaming.hold"),
            Page("Alerts", "roaming.alert", "?state=OPEN"),
            Page("Rule overrides", "roaming.ruleoverride"),
        ),
    ),
    Area(
        "Matching",
        "compare_arrows",
        (Page("Matches", "roaming.match"), Page("Counter-records", "roaming.counterrecord")),
    ),
    Area(
        "Disputes",
        "gavel",
        (
            Page("Disputes", "roaming.dispute", "?deadline=open"),
            Page("Objections", "billing.objection", "?state__exact=OPEN"),
        ),
    ),
    Area("Deliveries", "outbox", (Page("Deliveries", "roaming.delivery"),)),
    Area(
        "Partners",
        "handshake",
        (
            Page("Partners", "partners.partner"),
            Page("Parties", "partners.party"),
            Page("Mandates", "partners.mandate"),
            Page("Notices", "partners.notice"),
            Page("Exposure", "billing.exposurereading"),
            Page("Blocks", "billing.exposureblock"),
            Page("Cover", "billing.coverbooking"),
            Page("Defaults", "billing.defaultcase"),
        ),
    ),
    Area(
        "Agreements & tariffs",
        "contract",
        (
            Page("Agreements", "partners.roamingagreement"),
            Page("Offers", "partners.agreementoffer"),
            Page("Contracts with us", "partners.participationcontract"),
            Page("Settlement groups", "partners.settlementgroup"),
            Page("Tariffs", "roaming.tariff"),
            Page("Tariff notices", "roaming.tariffnotice"),
            Page("Price list", "partners.feecomponent"),
        ),
    ),
    Area(
        "Windows & settlements",
        "calendar_month",
        (
            Page("Windows", "billing.clearingwindow"),
            Page("Settlements", "billing.settlement"),
            Page("Cleared records", "billing.clearedsdr"),
            Page("Correction runs", "billing.correctionrun"),
            Page("Manual adjustments", "billing.manualadjustment"),
            Page("Fee lines", "billing.feeline"),
            Page("Exchanged positions", "billing.currencyexchange"),
            Page("Conservation", "billing.conservationproof"),
        ),
    ),
    Area(
        "Netting matrix",
        "grid_on",
        (
            Page("Netting matrix", "billing.position", url_name=_MATRIX),
            Page("Positions", "billing.position"),
            Page("Instructions", "billing.instruction"),
        ),
    ),
    Area(
        "Documents",
        "description",
        (
            Page("Documents", "billing.document"),
            Page("Invoices", "billing.invoice"),
            Page("Invoices not issued", "billing.issuingblock"),
            Page("Who issues invoices", "billing.invoicingterms"),
            Page("Balance confirmations", "billing.balanceconfirmation"),
            Page("Dunning", "billing.dunningstep"),
            Page("Letters to people", "billing.notificationmail"),
        ),
    ),
    Area(
        "Payments & bank",
        "payments",
        (
            Page("Payment files", "billing.paymentfile"),
            Page("Payments", "billing.payment"),
            Page("Exceptions", "billing.bankexception", "?waits=yes"),
            Page("Statements of account", "billing.bankstatement"),
            Page("Payments on the account", "billing.bankentry"),
            Page("Missing statements", "billing.statementgap"),
            Page("Files received", "billing.bankfile"),
            Page("Write-offs", "billing.writeoff"),
            Page("SEPA mandates", "billing.debitmandate"),
            Page("Bank accounts", "partners.bankaccount"),
            Page("Changes of bank details", "partners.bankdetailchange"),
        ),
    ),
    Area(
        "Ledger & trial balance",
        "menu_book",
        (
            Page("Ledger", "billing.transfer"),
            Page("Trial balance", "billing.fiscalperiod", url_name="admin:billing_trial_balance"),
            Page("Accounts", "billing.account"),
            Page("Periods", "billing.fiscalperiod"),
            Page("Accruals", "billing.fiscalperiod", url_name="admin:billing_accruals"),
            Page("Ageing", "billing.fiscalperiod", url_name="admin:billing_ageing"),
            Page("Posting exports", "billing.postingexport"),
            Page("Account mapping", "billing.accountmapping"),
        ),
    ),
    Area(
        "Jobs",
        "pending_actions",
        (Page("Jobs", "partners.job"), Page("Clearing runs", "billing.clearingrun")),
    ),
    Area(
        "Connections",
        "hub",
        (
            Page("Connections", "partners.roamingendpoint"),
            Page("Exchanges", "roaming.exchange"),
            Page("Certifications", "partners.certificationrun"),
            Page("Webhooks", "roaming.webhooksubscription"),
            Page("API clients", "partners.apiclient"),
        ),
    ),
    Area(
        "Audit",
        "history",
        (
            Page("Audit", "partners.auditevent"),
            Page("Approvals", "partners.approval"),
            Page("Erasures", "roaming.erasure"),
        ),
    ),
    Area(
        "Users",
        "person",
        (
            Page("Users", "partners.user"),
            Page("Invitations", "partners.invitation"),
            Page("Failed logins", "axes.accessattempt"),
            Page("Roles", "auth.group"),
        ),
    ),
)

# What work looks things up in; changed seldom, so below the work and folded.
REGISTERS = (
    Area(
        "Stations",
        "location_on",
        (
            Page("Locations", "roaming.location"),
            Page("EVSEs there", "roaming.locationevse"),
            Page("EVSEs told beforehand", "roaming.evse"),
            Page("EVSE outages", "roaming.evseoutage"),
            Page("Meter keys", "roaming.meterkey"),
        ),
    ),
    Area(
        "Credentials",
        "contactless",
        (
            Page("Whitelists", "roaming.whitelistentry"),
            Page("Credentials", "roaming.credential"),
            Page("Authorizations", "roaming.authorization"),
        ),
    ),
    Area(
        "VAT & rates",
        "percent",
        (
            Page("Blocked supplies", "billing.supplyblock", "?settled_in__isnull=True"),
            Page("Taxed supplies", "billing.taxedsupply"),
            Page("VAT rates", "partners.taxrate"),
            Page("VAT treatments", "billing.taxtreatment"),
            Page("Domestic reverse charge", "billing.domesticreversecharge"),
            Page("ECB rates", "billing.fxrate"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, object]]:
    """What this person may see, as the theme reads it."""
    return [
        {"items": _entries(WORK, request)},
        {
            "title": "Registers",
            "separator": True,
            "collapsible": True,
            "items": _entries(REGISTERS, request),
        },
    ]


def _entries(areas: Sequence[Area], request: HttpRequest) -> list[dict[str, object]]:
    return [
        {
            "title": escape(area.title),  # the theme writes titles as they are
            "icon": area.icon,
            "link": area.first_of(request),
            "active": area.holds(request),
        }
        for area in areas
        if area.is_open_to(request)
    ]


def tabs(request: HttpRequest) -> list[dict[str, object]]:
    """The lists beside the one that is looked at, as the theme reads it.

    A page of no list names its area. Only this area's: the theme compares each entry of the
    sidebar with each tab, which took longer than all the rest of a page.
    """
    return [
        {
            "page": area.title,
            "models": [page.model for page in area.pages if not page.url_name],
            "items": [
                {"title": page.title, "link": page.address, "active": request.path == page.path}
                for page in area.pages
                if page.is_open_to(request)
            ],
        }
        for area in (*WORK, *REGISTERS)
        if len(area.pages) > 1 and area.holds(request)
    ]


@cache
def _path(url_name: str) -> str:
    """Known only when a page is asked for: the settings are read before the addresses are."""
    return reverse(url_name)


@lru_cache(maxsize=1024)
def _area_at(path: str) -> str:
    """The area of the page whose address is the longest beginning of ``path``."""
    index = _path("admin:index")
    of_page = {page.path: area.title for area in (*WORK, *REGISTERS) for page in area.pages}
    above = [start for start in of_page if path.startswith(start) and start != index]
    return of_page[max(above, key=len)] if above else of_page[index] if path == index else ""
