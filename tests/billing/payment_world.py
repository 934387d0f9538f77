"""The three partners of finance.md 4.4 after release, with accounts, and money that comes in."""

from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256

from django.db import transaction

from billing.models import (
    BankEntry,
    BankFile,
    BankMatch,
    BankStatement,
    ClearingWindow,
    DebitMandate,
    Document,
    Payment,
    Position,
    Settlement,
    Transfer,
)
from billing.services.ledger import Entry, Side, claims_account, post
from billing.services.payments.states import refresh
from clearinghouse.uuid7 import uuid7_at
from partners.models import BankAccount, Partner, User
from partners.queries import clearing_house
from tests.billing.oracle_world import BUSINESS_DAY_6, JANUARY
from tests.makers import LONG_AGO, GroupMaker, PartnerMaker

IBANS = {
    "A": "NL91ABNA0417164300",
    "B": "DE02120300000000202051",
    "C": "NL20INGB0001234567",
    "CH": "DE89370400440532013000",
}
# The Friday of the week after release: pay-ins of Thursday 18 February are final.
FINAL = datetime(2027, 2, 19, 9, 0, tzinfo=UTC)
PAID = date(2027, 2, 18)
JANUARY_ENDS_AT = datetime(2027, 1, 31, 23, 0, tzinfo=UTC)
AGENCY = {"A": 60_080, "B": -64_213, "C": -7520, "CH": 11_653}
CCP = {"A": 55_880, "B": -75_613, "C": -3320, "CH": 23_053}


@transaction.atomic
def settled(**group: object) -> tuple[dict[str, Partner], Settlement]:
    """January as it was issued on business day 6: partners by letter, and their settlement.

    Written as rows, so that it is quick; ``tests/flows`` gets there by the records themselves.
    """
    partners = {letter: PartnerMaker(name=letter) for letter in "ABC"}
    partners["CH"] = clearing_house()
    group_row = GroupMaker(name="EUR monthly", **group)
    window = ClearingWindow.objects.create(
        group=group_row,
        supply_starts_at=JANUARY,
        supply_ends_at=JANUARY_ENDS_AT,
        closes_at=BUSINESS_DAY_6,
        opened_at=JANUARY,
        state=ClearingWindow.State.CLOSED,
        closed_at=BUSINESS_DAY_6,
    )
    settlement = Settlement.objects.create(
        window=window,
        currency="EUR",
        state=Settlement.State.CALCULATED,
        positions_sha256="0" * 64,
        calculated_at=BUSINESS_DAY_6,
    )
    due = CCP if group_row.model == "CCP" else AGENCY
    for letter, minor in due.items():
        _position(settlement, partners[letter], minor)
        an_account(partners[letter], IBANS[letter])
    _issue(settlement, partners)
    return partners, settlement


def _position(settlement: Settlement, partner: Partner, minor: int) -> None:
    Position.objects.create(
        settlement=settlement,
        partner=partner,
        receivable_minor=max(minor, 0),
        payable_minor=max(-minor, 0),
        fees_minor=0,
        net_minor=minor,
    )


def _issue(settlement: Settlement, partners: dict[str, Partner]) -> None:
    """The books, the statements and the states as the release leaves them."""
    account = claims_account(settlement.window.group)
    due = {row.partner_id: row.due_minor for row in settlement.positions.all()}
    house = clearing_house().pk
    post(
        [
            Entry(
                event_key=f"oracle:{partner}",
                kind=Transfer.Kind.FEE,
                debit=Side("4100", house),
                credit=Side(account, partner),
                amount_minor=minor,
                currency="EUR",
                environment=settlement.environment,
                window_id=settlement.window_id,
            )
            for partner, minor in due.items()
            if partner != house
        ],
        now=BUSINESS_DAY_6,
    )
    settlement.state, settlement.issued_at = Settlement.State.ISSUED, BUSINESS_DAY_6
    settlement.save(update_fields=["state", "issued_at"])
    for number, letter in enumerate("ABC", start=1):
        Document.objects.create(
            number=f"ST-2027-{number:06}",
            kind=Document.Kind.STATEMENT,
            partner=partners[letter],
            settlement=settlement,
            content={"objection_until_at": None, "objection_until_date": "2027-04-09"},
            content_sha256="0" * 64,
            issued_at=BUSINESS_DAY_6,
        )
    refresh(settlement, cause="the settlement was issued", now=BUSINESS_DAY_6)


def an_account(partner: Partner, iban: str, **fields: object) -> BankAccount:
    values = {"currency": "EUR", "holder": f"{partner.name} B.V.", "starts_at": LONG_AGO} | fields
    return BankAccount.objects.create(partner=partner, iban=iban, **values)


def a_mandate(partner: Partner, **fields: object) -> DebitMandate:
    values = {
        "reference": f"M-{partner.name}-1",
        "holder": f"{partner.name} GmbH",
        "iban": IBANS.get(partner.name, IBANS["B"]),
        "signed_date": date(2026, 12, 1),
        "registered_date": date(2026, 12, 10),
    } | fields
    return DebitMandate.objects.create(partner=partner, **values)


def staff(name: str, **fields: object) -> User:
    return User.objects.create(username=name, is_staff=True, **fields)


def position_of(settlement: Settlement, partner: Partner) -> Position:
    return settlement.positions.get(partner=partner)


@transaction.atomic
def pay_in(
    position: Position,
    amount_minor: int,
    *,
    booked: date = PAID,
    payment: Payment | None = None,
    now: datetime = FINAL,
) -> BankMatch:
    """A receipt as matching writes it: entry, match and transfer of one position."""
    settlement = position.settlement
    entry = _entry(settlement, amount_minor, booked, is_credit=True, now=now)
    [transfer] = post(
        [
            Entry(
                event_key=f"bank:{entry.pk}",
                kind=Transfer.Kind.PAY_IN,
                debit=Side("1800", clearing_house().pk),
                credit=Side(claims_account(settlement.window.group), position.partner_id),
                amount_minor=amount_minor,
                currency=settlement.currency,
                environment=settlement.environment,
                window_id=settlement.window_id,
            )
        ],
        now=now,
    )
    match = _match(entry, "PAY_IN", position, transfer, payment=payment, now=now)
    refresh(settlement, cause=f"entry {entry.pk}", now=now)
    return match


@transaction.atomic
def taken_back(match: BankMatch, *, booked: date, now: datetime) -> None:
    """The debtor's bank gives a collection back."""
    settlement = match.position.settlement
    entry = _entry(settlement, match.amount_minor, booked, is_credit=False, now=now)
    side = Side(claims_account(settlement.window.group), match.position.partner_id)
    [transfer] = post(
        [
            Entry(
                event_key=f"bank:{entry.pk}",
                kind=Transfer.Kind.RETURN,
                debit=side,
                credit=Side("1800", clearing_house().pk),
                amount_minor=match.amount_minor,
                currency=settlement.currency,
                environment=settlement.environment,
            )
        ],
        now=now,
    )
    _match(entry, "RETURN", match.position, transfer, payment=match.payment, now=now)
    refresh(settlement, cause=f"entry {entry.pk}", now=now)


def _entry(
    settlement: Settlement, amount_minor: int, booked: date, *, is_credit: bool, now: datetime
) -> BankEntry:
    number = BankFile.objects.count() + 1
    account = IBANS["CH"]
    file = BankFile.objects.create(
        environment=settlement.environment,
        sha256=sha256(f"{settlement.pk} {number}".encode()).hexdigest(),
        file_name=f"{number}.xml",
        content=b"",
        received_by="bank",
        received_at=now,
    )
    statement = BankStatement.objects.create(
        file=file,
        place=1,
        environment=settlement.environment,
        kind="053",
        account=account,
        currency=settlement.currency,
        statement_id=str(number),
        number=Decimal(number),
        credit_minor=amount_minor if is_credit else 0,
        debit_minor=0 if is_credit else amount_minor,
        entries_count=1,
    )
    return BankEntry.objects.create(
        id=uuid7_at(now),
        statement=statement,
        environment=settlement.environment,
        account=account,
        currency=settlement.currency,
        entry_key=str(number),
        amount_minor=amount_minor,
        is_credit=is_credit,
        booked_date=booked,
        state="MATCHED",
    )


def _match(
    entry: BankEntry,
    purpose: str,
    position: Position,
    transfer: Transfer,
    *,
    payment: Payment | None,
    now: datetime,
) -> BankMatch:
    return BankMatch.objects.create(
        id=uuid7_at(now),
        entry=entry,
        purpose=purpose,
        rule="REFERENCE",
        partner=position.partner,
        position=position,
        payment=payment,
        amount_minor=entry.amount_minor,
        transfer=transfer,
        matched_by="matching",
        matched_at=now,
    )
