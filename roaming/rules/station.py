"""Rules on the EVSE, against its id and against the registry where the agreement keeps one."""

from functools import lru_cache

from clearinghouse.identifiers import MalformedEvseId, parse_evse_id
from roaming.rules.findings import Facts, Found, Limits
from roaming.rules.identity import is_same_party
from roaming.rules.record import InboundSdr


def evse_id_is_well_formed(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V005 (ISO 15118-2 Annex H, IEC 63119-2, DIN SPEC 91286)."""
    wrong = _read_evse_id(sdr.evse_id)[1]
    return Found(wrong) if wrong else None


def evse_is_registered(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V005. A malformed id has its own word; a good one waits until it is registered."""
    if facts.evse is not None or _read_evse_id(sdr.evse_id)[1]:
        return None
    return Found(f"EVSE {sdr.evse_id!r} is not in the registry at session start")


def evse_belongs_to_the_seller(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V006. The holder at session start counts, and is not named: it may be a competitor.

    Not between two CSPs: the one that sells holds no EVSE, it sells what its CSOs did.
    """
    if facts.evse is None or is_same_party(facts.evse.owner_code, sdr.cso_id):
        return None
    if facts.terms is not None and facts.terms.mode == "CLEARED_PP":
        return None
    return Found(f"EVSE {sdr.evse_id!r} was not {sdr.cso_id}'s at session start")


def connector_fits_the_registry(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V012. Connector, AC or DC, and power as the registry has them."""
    evse = facts.evse
    if evse is None:
        return None
    if evse.connector_types and sdr.connector_type not in ("", *evse.connector_types):
        known = ", ".join(evse.connector_types)
        text = f"connector {sdr.connector_type!r}, the registry says {known}"
        return Found(text, None, sdr.connector_type, known)
    stated, registered = sdr.current_type[:2].upper(), evse.current_type[:2].upper()
    if stated and registered and stated != registered:
        return Found(
            f"current {sdr.current_type}, the registry says {evse.current_type}",
            measured=sdr.current_type,
            limit=evse.current_type,
        )
    if sdr.max_power_kw and evse.max_power_kw and sdr.max_power_kw > evse.max_power_kw:
        return Found(
            f"{sdr.max_power_kw} kW, the registry says {evse.max_power_kw} kW",
            measured=f"{sdr.max_power_kw} kW",
            limit=f"{evse.max_power_kw} kW",
        )
    return None


def country_is_the_evses(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V014. The place of supply decides on VAT: two countries for one EVSE are one too many."""
    country = evse_country(sdr, facts)
    if not country or country == sdr.location_country.upper():
        return None
    return Found(
        f"location in {sdr.location_country}, EVSE of {country}",
        measured=sdr.location_country,
        limit=country,
    )


def evse_was_in_order(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V702. Nothing charges at an EVSE that was reported out of order for the whole session."""
    if facts.evse is None or not facts.evse.is_out_of_order:
        return None
    return Found(f"EVSE {sdr.evse_id!r} was reported out of order during the session")


def evse_country(sdr: InboundSdr, facts: Facts) -> str:
    """The registry's country, else that of the EVSE id; "" where neither tells."""
    if facts.evse is not None and facts.evse.country_code:
        return facts.evse.country_code
    return _read_evse_id(sdr.evse_id)[0]


# EVSEs are few and sessions many: an id is read once.
@lru_cache(maxsize=8192)
def _read_evse_id(evse_id: str) -> tuple[str, str]:
    """Its country, and what is wrong with it: one of the two is empty."""
    try:
        return parse_evse_id(evse_id).country, ""
    except MalformedEvseId as malformed:
        return "", str(malformed)
