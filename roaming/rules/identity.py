"""Rules on who: the sender's right, the two sides, their agreement, their identifiers."""

from clearinghouse.identifiers import (
    MalformedContractId,
    MalformedEvseId,
    parse_contract_id,
    parse_evse_id,
)
from roaming.rules.findings import Facts, Found, Limits, Severity
from roaming.rules.record import InboundSdr

OPERATING_STATES = ("ACTIVE", "LEAVING")


def sender_acts_for_the_seller(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V002. An unknown party and somebody else's party get the same words: nothing to infer."""
    if facts.sender_may_act:
        return None
    return Found(f"you do not act for party {sdr.cso_id!r}")


def both_sides_are_known(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V003. An unknown or suspended counterparty holds the record until it is set up."""
    if facts.sender_may_act and facts.seller_state not in OPERATING_STATES:
        severity: Severity | None = "HOLD" if facts.seller_state == "SUSPENDED" else "REJECT"
        return Found(f"party {sdr.cso_id!r} is {facts.seller_state or 'not active'}", severity)
    if not sdr.csp_id:
        return Found("no counterparty is named")
    if not facts.buyer_is_known:
        return Found(f"counterparty {sdr.csp_id!r} is not known here")
    if facts.buyer_state not in OPERATING_STATES:
        return Found(f"counterparty {sdr.csp_id!r} is {facts.buyer_state or 'not active'}")
    return None


def agreement_is_in_force(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V004. In force means: at session start, between exactly these parties."""
    if facts.terms is not None:
        if facts.terms.mode == "DIRECT":
            return Found(f"{sdr.cso_id} and {sdr.csp_id} settle directly, not here")
        return None
    if facts.currencies_agreed:
        return None
    return Found(f"no agreement of {sdr.cso_id} with {sdr.csp_id} was in force at session start")


def currency_is_the_agreements(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V013."""
    if not sdr.currency or facts.terms is not None or not facts.currencies_agreed:
        return None
    agreed = " or ".join(facts.currencies_agreed)
    return Found(f"currency {sdr.currency} where the agreement says {agreed}")


def evse_id_is_well_formed(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V005 (ISO 15118-2 Annex H, IEC 63119-2, DIN SPEC 91286)."""
    if facts.terms is None or facts.terms.evse_registry == "NONE":
        return None
    try:
        parse_evse_id(sdr.evse_id)
    except MalformedEvseId as malformed:
        return Found(str(malformed))
    return None


def contract_id_is_well_formed(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V007 (EMAID of ISO 15118-2 Annex H, eMI3, DIN SPEC 91286). A wrong check digit is named."""
    try:
        parse_contract_id(sdr.contract_id)
    except MalformedContractId as malformed:
        return Found(str(malformed))
    return None
