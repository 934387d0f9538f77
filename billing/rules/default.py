"""What happens when a partner does not pay: cover, unwind with a list of claims, or the waterfall.

Under agency the house owes nothing for others. What the partner's own prefund and guarantee do not
cover is unwound: the window is netted again without it, and who was its creditor or debtor settles
that with it directly. A central counterparty pays the others all the same, from one cover after
the next. Money is integer minor units of one currency.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from billing.rules.multilateral import Obligation, bilateral, positions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwound:
    """The positions of the others, and who owes whom outside: each pair with the defaulter once."""

    positions: dict[UUID, int]
    claims: list[Obligation]


class Cover(NamedTuple):
    """A pot of money, first to be used first: prefund, deposit, own share of the house, …"""

    name: str
    available_minor: int


class Draw(NamedTuple):
    """What is taken from a pot, and left in it."""

    name: str
    drawn_minor: int
    left_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """``uncovered_minor`` is what no pot covered: a loss to share."""

    draws: list[Draw]
    uncovered_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyDefault:
    """The draws with which the window stands, or else the window unwound: one of the two."""

    draws: list[Draw]
    unwound: Unwound | None


def unwind(obligations: Iterable[Obligation], *, defaulter: UUID) -> Unwound:
    """Net again without the defaulter: neither its debts nor its claims count.

    All who were in the window keep a position, if only of zero. Both parts add up: the positions
    to zero, and a position before is the one after plus the claims on the defaulter.
    """
    everything = list(obligations)
    others = [one for one in everything if defaulter not in (one.debtor, one.creditor)]
    involved = set(positions_of(everything)) - {defaulter}
    after = positions_of(others)
    return Unwound(
        positions={partner: after.get(partner, 0) for partner in sorted(involved)},
        claims=bilateral(one for one in everything if defaulter in (one.debtor, one.creditor)),
    )


def default_under_agency(
    obligations: Iterable[Obligation], *, defaulter: UUID, owed_minor: int, covers: Sequence[Cover]
) -> AgencyDefault:
    """Pay what is owed from the partner's own covers, or unwind if they do not reach.

    A part is never drawn: a window stands as a whole or is netted again. What the covers hold then
    goes to no one before a person has decided, for the claims on the defaulter are not the house's.

    :raises ValueError: what is owed, or a cover, is below zero.
    """
    paid = waterfall(owed_minor, covers)
    if not paid.uncovered_minor:
        return AgencyDefault(draws=paid.draws, unwound=None)
    return AgencyDefault(draws=[], unwound=unwind(obligations, defaulter=defaulter))


def waterfall(owed_minor: int, covers: Sequence[Cover]) -> Waterfall:
    """Take what is owed from one pot after the other, in the order given.

    :raises ValueError: what is owed, or a pot, is below zero.
    """
    if owed_minor < 0 or any(cover.available_minor < 0 for cover in covers):
        raise ValueError("Neither what is owed nor a cover is below zero.")
    draws, left = [], owed_minor
    for cover in covers:
        drawn = min(left, cover.available_minor)
        left -= drawn
        draws.append(Draw(cover.name, drawn, cover.available_minor - drawn))
    return Waterfall(draws=draws, uncovered_minor=left)


def pro_rata(amount_minor: int, weights: Mapping[UUID, int]) -> dict[UUID, int]:
    """Share an amount by weight, to the last minor unit: a draw on the default fund, or a loss.

    Each share is cut, and what is left over goes, a unit each, to the largest remainders; of equal
    ones to the smaller id.

    :raises ValueError: the amount or a weight is below zero, or all weights are zero.
    """
    whole = sum(weights.values())
    if amount_minor < 0 or any(weight < 0 for weight in weights.values()) or not whole:
        raise ValueError("Share an amount from zero on, by weights of which one is above zero.")
    shares = {who: amount_minor * weight // whole for who, weight in sorted(weights.items())}
    left = amount_minor - sum(shares.values())
    by_remainder = sorted(shares, key=lambda who: (-(amount_minor * weights[who] % whole), who))
    for who in by_remainder[:left]:
        shares[who] += 1
    return shares
