"""Components and records for fee tests: everything has a default, a test names what it is about."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from billing.rules.fees.facts import FeeRecord, Membership
from billing.rules.fees.terms import FeeComponent, Scope, Tier
from billing.rules.fees.window import FeeLine

A, B, C, D = (UUID(int=number) for number in (0xA, 0xB, 0xC, 0xD))
JANUARY, FEBRUARY = date(2027, 1, 1), date(2027, 2, 1)
DAY = date(2027, 1, 20)
SINCE = date(2026, 1, 1)
_numbers = iter(range(1000, 10**9))


def new_id() -> UUID:
    return UUID(int=next(_numbers))


def component(kind: str = "PER_SDR", rate: str = "2", **terms) -> FeeComponent:
    payer = {"MONTHLY": "PARTICIPANT", "ONE_OFF": "PARTICIPANT", "DISPUTE_LOST": "LOSER"}
    defaults = {
        "id": new_id(),
        "code": kind,
        "payer": payer.get(kind, "CSO"),
        "from_date": SINCE,
        "rate": Decimal(rate),
    }
    return FeeComponent(kind=kind, **{**defaults, **terms})


def tiered(mode: str, *tiers: tuple[str, str], kind: str = "PER_SDR", **terms) -> FeeComponent:
    return component(
        kind,
        "0",
        tier_mode=mode,
        tiers=tuple(Tier(Decimal(start), Decimal(rate)) for start, rate in tiers),
        rounding="PER_WINDOW",
        **terms,
    )


def record(minor: int = 1000, kwh: str = "20", **facts) -> FeeRecord:
    defaults = {"id": new_id(), "seller": A, "buyer": B, "service_date": DAY}
    return FeeRecord(amount_minor=minor, energy_kwh=Decimal(kwh), **{**defaults, **facts})


def credit_of(original: FeeRecord, **facts) -> FeeRecord:
    return FeeRecord(
        **{
            "id": new_id(),
            "seller": original.seller,
            "buyer": original.buyer,
            "service_date": original.service_date,
            "amount_minor": -original.amount_minor,
            "energy_kwh": -original.energy_kwh,
            "is_credit": True,
            **facts,
        }
    )


def scope(**names) -> Scope:
    return Scope(**names)


def members(*partners: UUID, month: date = JANUARY) -> list[Membership]:
    return [Membership(partner=partner, month=month) for partner in partners]


def by_payer(lines: list[FeeLine]) -> dict[UUID, int]:
    """What each pays in all; what is paid to a buyer counts too."""
    sums: dict[UUID, int] = {}
    for line in lines:
        sums[line.payer] = sums.get(line.payer, 0) + line.amount_minor
    return sums


# The three partners of the worked example: seller, buyer, records, cents each.
THREE_PARTNERS = [
    (A, B, 80, 1250),
    (A, C, 20, 1333),
    (A, C, 10, 1334),
    (B, A, 50, 1200),
    (B, C, 20, 1500),
    (C, A, 20, 1000),
    (C, B, 40, 1250),
]


def three_partners_records() -> list[FeeRecord]:
    return [
        record(cents, seller=seller, buyer=buyer)
        for seller, buyer, count, cents in THREE_PARTNERS
        for _ in range(count)
    ]


def three_partners_components() -> list[FeeComponent]:
    """The CSO pays 1 % and 0.02 a record, everybody 25.00 a month."""
    return [
        component("BP_OF_AMOUNT", "100", rounding="PER_WINDOW"),
        component("PER_SDR", "2"),
        component("MONTHLY", "2500"),
    ]
