"""Rules on who: the sender's right, the two sides, their agreement."""

from functools import lru_cache

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from partners.rules.life import standings_that
from roaming.rules.findings import Facts, Found, Limits, Severity
from roaming.rules.record import InboundSdr

AUTHORIZING = standings_that("authorizes")
_SENDING = standings_that("sends")


def sender_acts_for_the_seller(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V002. An unknown party and somebody else's party get the same words: nothing to infer."""
    if facts.sender_may_act:
        return None
    return Found(f"you do not act for party {sdr.cso_id!r}")


def both_sides_are_known(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V003. An unknown or suspended counterparty holds the record until it is set up.

    One that is closed does not come back.
    """
    if facts.sender_may_act and facts.seller_state not in _SENDING:
        severity: Severity | None = "HOLD" if facts.seller_state == "SUSPENDED" else "REJECT"
        return Found(f"party {sdr.cso_id!r} is {facts.seller_state or 'not active'}", severity)
    if not sdr.csp_id:
        return Found("no counterparty is named")
    if not facts.buyer_is_known:
        return Found(f"counterparty {sdr.csp_id!r} is not known here")
    if facts.buyer_state not in _SENDING:
        return Found(
            f"counterparty {sdr.csp_id!r} is {facts.buyer_state or 'not active'}",
            "REJECT" if facts.buyer_state == "CLOSED" else None,
        )
    return None


def agreement_is_in_force(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V004. In force means: at session start, between exactly these parties."""
    if facts.terms is not None or facts.currencies_agreed:
        return None
    return Found(f"no agreement of {sdr.cso_id} with {sdr.csp_id} was in force at session start")


def pair_is_cleared_here(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V004. A pair that roams directly is in the directory, and its records are not for us."""
    if facts.terms is None or facts.terms.mode != "DIRECT":
        return None
    return Found(f"{sdr.cso_id} and {sdr.csp_id} settle directly, not here")


def both_sides_were_served(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V004. What starts once a side's service has ended is nobody's here; what started before
    settles, whenever it ends and whenever its record comes."""
    for code, ends_at in (
        (sdr.cso_id, facts.seller_service_ends_at),
        (sdr.csp_id, facts.buyer_service_ends_at),
    ):
        if ends_at is not None and sdr.started_at is not None and sdr.started_at >= ends_at:
            return Found(f"{code} left: its service ended on {ends_at:%Y-%m-%d %H:%M}Z")
    return None


def currency_is_the_agreements(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V013."""
    if not sdr.currency or facts.terms is not None or not facts.currencies_agreed:
        return None
    agreed = " or ".join(facts.currencies_agreed)
    return Found(f"currency {sdr.currency} where the agreement says {agreed}")


def is_same_party(code: str, other: str) -> bool:
    """Do two spellings name one party? "DE*NLX", "de-nlx" and "DENLX" do."""
    return code == other or _normal(code) == _normal(other)


@lru_cache(maxsize=4096)
def _normal(code: str) -> str:
    try:
        return parse_party_code(code).normal
    except MalformedPartyCode:
        return code
