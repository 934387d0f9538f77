"""Rules on signed meter values, over the verdict that was reached when they were read."""

from roaming.rules.findings import Facts, Found, Limits, Severity
from roaming.rules.record import InboundSdr
from roaming.rules.station import evse_country
from roaming.rules.time import seconds

TIMED_KINDS = frozenset({"TIME", "PARKING", "RESERVATION"})
UNSYNCHRONISED = frozenset("UI")


def energy_is_covered(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V213. More than was signed cannot be billed where calibration law holds."""
    signed_kwh = facts.signed.energy_kwh if facts.signed else None
    if signed_kwh is None or sdr.energy_kwh is None:
        return None
    energy_kwh = abs(sdr.energy_kwh)
    if energy_kwh - signed_kwh <= limits["signed_tolerance_kwh"]:
        return None
    text = f"{energy_kwh} kWh of which {signed_kwh} are signed"
    return Found(text, _where(sdr, facts), f"{energy_kwh} kWh", f"{signed_kwh} kWh")


def values_are_signed(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V301. Asked only where the agreement requires registered meter keys."""
    if sdr.signed_data or not sdr.energy_kwh:
        return None
    return Found("no signed meter values, which the agreement requires")


def signature_holds(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V302. A signature that lacks its key is no wrong one: V303 asks for the key.

    What cannot be read proves nothing: noted, and held where signed values are required.
    """
    signed = facts.signed
    if signed is None or signed.verdict not in ("invalid", "unsupported"):
        return None
    if signed.verdict == "invalid":
        return Found(signed.reason or "the signature does not hold", _where(sdr, facts))
    is_required = facts.terms is not None and facts.terms.meter_key_registry == "REQUIRED"
    text = f"cannot be verified: {signed.reason}"
    return Found(text, "HOLD" if is_required else "WARN")


def key_is_the_meters(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V303. Any key can sign; only the registered one speaks for the meter."""
    if facts.signed is None or facts.signed.key_is_registered:
        return None
    if facts.signed.key_is_registered is None:
        return Found("no key of this EVSE's meter is registered")
    return Found("signed with another key than the one registered for the meter")


def transaction_is_whole(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V304."""
    signed = facts.signed
    if signed is None:
        return None
    if not (signed.has_begin and signed.has_end):
        return Found(
            f"the signed record of the {'end' if signed.has_begin else 'begin'} is missing"
        )
    if signed.pagination_gap:
        return Found("the pagination of the signed records has a gap", "WARN")
    return None


def meter_was_well(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V305. Error flag E says that the energy is not fit to be billed; t, that the time is not."""
    signed = facts.signed
    if signed is None:
        return None
    if "E" in signed.error_flags:
        return Found("the meter flags its energy as faulty", "REJECT", signed.error_flags)
    if signed.error_flags:
        return Found("the meter flags an error", measured=signed.error_flags)
    if signed.meter_status in ("", "G"):
        return None
    return Found("the meter's status is not good", measured=signed.meter_status, limit="G")


def signed_values_agree(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V306."""
    signed = facts.signed
    if signed is None:
        return None
    if signed.energy_kwh is not None and sdr.energy_kwh is not None:
        apart_kwh = abs(signed.energy_kwh - abs(sdr.energy_kwh))
        if apart_kwh > limits["signed_tolerance_kwh"]:
            text = f"signed {signed.energy_kwh} kWh, the record says {sdr.energy_kwh}"
            return Found(text, None, f"{apart_kwh} kWh", f"{limits['signed_tolerance_kwh']} kWh")
    begin = sdr.charging_started_at or sdr.started_at
    end = sdr.charging_ended_at or sdr.ended_at
    for word, told, in_record in (
        ("begin", signed.started_at, begin),
        ("end", signed.ended_at, end),
    ):
        if told is None or in_record is None:
            continue
        apart_s = seconds(abs(told - in_record))
        if apart_s > limits["signed_tolerance_s"]:
            text = f"the signed {word} is {apart_s} s from the record's"
            return Found(text, None, f"{apart_s} s", f"{limits['signed_tolerance_s']} s")
    return None


def time_is_synchronised(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V307. A clock that nobody set cannot bill time."""
    if facts.signed is None or facts.signed.time_status not in UNSYNCHRONISED:
        return None
    for item in sdr.items:
        if item.kind in TIMED_KINDS and item.amount:
            text = f"{item.kind} is billed by a clock that is not synchronised"
            return Found(text, measured=facts.signed.time_status, limit="S or R")
    return None


def identification_is_the_contracts(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V308. Neither id is repeated: findings outlive the person's data."""
    if facts.signed is None or not facts.signed.identification:
        return None
    stated = {_bare(text) for text in (sdr.contract_id, sdr.credential_id) if text}
    if not stated or _bare(facts.signed.identification) in stated:
        return None
    return Found("the signed values name another identification")


def signature_is_used_once(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V406. A credit and a replacement speak of the same session again."""
    other = facts.signed.reused_by if facts.signed else ""
    if not other or other in (sdr.credits_sdr_id, sdr.replaces_sdr_id):
        return None
    return Found(f"record {other} carries the same signed values")


def _where(sdr: InboundSdr, facts: Facts) -> Severity:
    """German calibration law makes a doubt elsewhere a refusal there."""
    country = sdr.location_country or evse_country(sdr, facts)
    return "REJECT" if country.upper() == "DE" else "HOLD"


def _bare(identification: str) -> str:
    return identification.upper().replace("-", "").replace("*", "")
