"""What the books still have open with a partner that leaves, and when its deposit may go back."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, Sum

from billing.models import (
    Account,
    ClearedSdr,
    CoverBooking,
    Document,
    Objection,
    Settlement,
    Transfer,
)
from billing.queries_objections import limits_of
from billing.rules.supply_period import supply_title
from clearinghouse.money import from_minor_units
from partners.models import Environment, Job, Partner, PartyOwnership, RoamingAgreement
from partners.queries import current_stand
from partners.rules.life import BEFORE_RELEASE, CLOSING, LEFT, OpenEnd, standing, when
from partners.services import life
from roaming.models import SdrLink, SdrState

# finance.md 1.2: without the other side's consent a credit comes at most so long after a statement.
CREDIT_DAYS = timedelta(days=90)
# What a record may be late where an agreement says nothing.
_LATE_DAYS = 90
COVER = ("2400", "2410")
OWED = ("1200", "1300", "1390", "1500", "2100", "2390", "2890")
PACKAGE = "billing.make_package"
_LIVE = Environment.LIVE


def open_ends(partner: Partner, now: datetime) -> Iterator[OpenEnd]:
    """The items that billing answers for."""
    yield OpenEnd("STATEMENT_SETTLED", " ".join(_unsettled(partner)))
    until = limits_end(partner)
    is_over = until is None or until <= now
    told = when(until) if until else ""
    yield OpenEnd("LIMITS_OVER", "" if is_over else f"They end on {told}.", told)
    yield OpenEnd("PACKAGE_MADE", _package_todo(partner))
    yield OpenEnd("COVER_RELEASED", " ".join(_held(partner)))


def why_not_released(partner: Partner, *, now: datetime) -> str:
    """What keeps the deposit of a partner that leaves; "" where it may go back, or it stays."""
    stand = current_stand(partner, now=now)
    if stand.state != "LEAVING":
        return ""
    if standing("LEAVING", service_ends_at=stand.service_ends_at, at=now) != LEFT:
        return "It leaves: its deposit goes back after the end of its service, when all is settled."
    waits = [one for one in life.open_ends(partner, now=now) if one.item in BEFORE_RELEASE]
    return " ".join(f"{CLOSING[one.item]}: {one.todo}" for one in waits if one.todo)


def limits_end(partner: Partner) -> datetime | None:
    """When nobody may come with an objection, a credit or a late record any more; None: never was.

    Late records count from the end of its service, the others from its statements.
    """
    statements = Document.objects.filter(
        partner=partner, kind=Document.Kind.STATEMENT, environment=_LIVE
    )
    limits = list(limits_of(statements).values())
    limits += [at + CREDIT_DAYS for at in statements.values_list("issued_at", flat=True)]
    newest = partner.states.filter(service_ends_at__isnull=False).order_by("-starts_at").first()
    if newest is not None and newest.service_ends_at is not None:
        limits.append(newest.service_ends_at + timedelta(days=_late_days(partner)))
    return max(limits, default=None)


def _late_days(partner: Partner) -> int:
    mine = PartyOwnership.objects.filter(partner=partner).values("party")
    agreed = RoamingAgreement.objects.filter(
        Q(seller__in=mine) | Q(buyer__in=mine), in_force_at__isnull=False, environment=_LIVE
    )
    days = agreed.values_list("refuse_after_days", flat=True)
    return max((_LATE_DAYS if one is None else one for one in days), default=0)


def _unsettled(partner: Partner) -> Iterator[str]:
    mine = PartyOwnership.objects.filter(partner=partner).values("party")
    waiting = uncleared(partner)
    if waiting:
        yield f"{waiting} accepted records are not cleared."
    cleared = ClearedSdr.objects.filter(
        Q(seller__in=mine, seller_partner=partner) | Q(buyer__in=mine, buyer_partner=partner),
        window__state="OPEN",
        environment=_LIVE,
    ).select_related("window__group")
    if (row := cleared.first()) is not None:
        window = row.window
        title = supply_title(
            window.supply_starts_at, window.supply_ends_at, time_zone=window.group.time_zone
        )
        yield (
            f"Records are in {window.group.name}, {title}: that window closes on"
            f" {when(window.closes_at)}."
        )
    if Settlement.objects.filter(
        positions__partner=partner, state=Settlement.State.CALCULATED, environment=_LIVE
    ).exists():
        yield "A settlement is calculated and not released."
    if Objection.objects.filter(partner=partner, state=Objection.State.OPEN).exists():
        yield "An objection of it is not answered."
    for code, currency, minor in balances(partner, OWED):
        money = f"{from_minor_units(abs(minor), currency=currency):,} {currency}"
        owes = "It owes" if minor < 0 else "It is owed"
        yield f"{owes} {money} on account {code}."


def uncleared(partner: Partner) -> int:
    """Accepted records with the partner on either side that are not in the sub-ledger.

    A credited one and its credit, which no window takes, are out of it.
    """
    wanted = Q(pk__in=[])
    for owned in PartyOwnership.objects.filter(partner=partner, party__environment=_LIVE):
        then = Q(ended_at__gte=owned.starts_at)
        if owned.ends_at is not None:
            then &= Q(ended_at__lt=owned.ends_at)
        wanted |= then & (Q(seller=owned.party_id) | Q(buyer=owned.party_id))
    accepted = SdrState.objects.filter(wanted, state="ACCEPTED", environment=_LIVE)
    credits = SdrLink.objects.filter(kind=SdrLink.Kind.CREDIT)
    cleared = ClearedSdr.objects.filter(pk=OuterRef("pk"), seller=OuterRef("seller"))
    original = ClearedSdr.objects.filter(pk=OuterRef("original_id"), seller=OuterRef("cso"))
    of_uncleared = credits.filter(~Exists(original), record_id=OuterRef("pk"))
    return (
        accepted.filter(
            ~Exists(cleared),
            ~Exists(credits.filter(original_id=OuterRef("pk"))),
            ~Exists(of_uncleared),
        )
        .exclude(agreement__mode="DIRECT")
        .count()
    )


def balances(partner: Partner, codes: tuple[str, ...]) -> list[tuple[str, str, int]]:
    """What stands on the partner's LIVE accounts: + it is owed, − it owes; zeros left out."""
    accounts = Account.objects.filter(partner=partner, code__in=codes, environment=_LIVE)
    found = []
    for account in accounts.order_by("code", "currency"):
        got = Transfer.objects.filter(credit_account=account).aggregate(s=Sum("amount_minor"))
        gave = Transfer.objects.filter(debit_account=account).aggregate(s=Sum("amount_minor"))
        if minor := (got["s"] or 0) - (gave["s"] or 0):
            found.append((account.code, account.currency, minor))
    return found


def _held(partner: Partner) -> Iterator[str]:
    for code, currency, minor in balances(partner, COVER):
        money = f"{from_minor_units(minor, currency=currency):,} {currency}"
        yield f"{money} is held on {code}: one person asks to pay it back, another posts it."
    if CoverBooking.objects.filter(
        partner=partner, state=CoverBooking.State.REQUESTED, environment=_LIVE
    ).exists():
        yield "A booking of cover waits for a second person."


def _package_todo(partner: Partner) -> str:
    """It has to be younger than the last document that it is to hold."""
    documents = Document.objects.filter(partner=partner, environment=_LIVE)
    last = documents.order_by("-issued_at").values_list("issued_at", flat=True).first()
    if last is None:
        return ""
    made = Job.objects.filter(
        kind=PACKAGE, partner=partner, state=Job.State.DONE, started_at__gte=last
    )
    return "" if made.exists() else "Have it made anew: it holds what the partner may take along."
