"""Which facts a record lacks: a rule that needs one of them is NOT_APPLICABLE."""

from roaming.rules.findings import Fact, Facts
from roaming.rules.record import InboundSdr


def missing_facts(sdr: InboundSdr, facts: Facts) -> frozenset[Fact]:
    """What neither the record nor the tables tell."""
    absent: list[Fact] = [name for name, is_absent in _of_record(sdr) if is_absent]
    absent += [name for name, is_absent in _of_tables(facts) if is_absent]
    if not facts.buyer_is_known or not facts.sender_may_act or sdr.started_at is None:
        absent.append("buyer")
    if not sdr.max_power_kw and not (facts.evse and facts.evse.max_power_kw):
        absent.append("max_power")
    absent += _of_registries(facts)
    return frozenset(absent)


def _of_record(sdr: InboundSdr) -> tuple[tuple[Fact, bool], ...]:
    return (
        ("energy", sdr.energy_kwh is None),
        ("period", sdr.started_at is None or sdr.ended_at is None),
        ("contract_id", not sdr.contract_id),
        ("evse", not sdr.evse_id),
        ("location_country", not sdr.location_country),
        ("periods", not sdr.charging_periods),
        ("meter", sdr.meter_start_kwh is None or sdr.meter_end_kwh is None),
        ("euro", sdr.currency != "EUR"),
    )


def _of_tables(facts: Facts) -> tuple[tuple[Fact, bool], ...]:
    return (
        ("agreement", facts.terms is None),
        ("signed", facts.signed is None),
        ("neighbours", facts.neighbours is None),
        ("original", facts.original is None),
        ("sender_day", facts.sender_day is None),
        ("price", facts.price is None),
        ("vat", facts.vat is None),
        ("local_time", facts.local_times is None),
        ("contract_csp", facts.contract_csp is None),
    )


def _of_registries(facts: Facts) -> list[Fact]:
    """A registry that is not kept tells nothing; one that is required tells by its silence too.

    ``evse_registry`` and its like are there where an entry or its absence counts, ``evse_entry``
    and its like where there is an entry.
    """
    terms, known, trace = facts.terms, facts.credential, facts.authorization
    if terms is None:
        return list(_ALL_REGISTRIES)
    absent = _of_evses(terms.evse_registry, is_entered=facts.evse is not None)
    absent += _of_keys(terms.meter_key_registry, facts)
    kept = terms.credential_registry
    if kept == "NONE" or known is None or not known.is_known:
        absent.append("credential")
    if kept == "NONE" or (kept == "IF_PRESENT" and known is None):
        absent.append("credential_registry")
    kept = terms.authorization_registry
    if kept == "NONE" or trace is None or not trace.is_known:
        absent.append("authorization")
    if kept == "NONE" or (kept == "IF_PRESENT" and trace is None):
        absent.append("authorization_registry")
    return absent


def _of_evses(kept: str, *, is_entered: bool) -> list[Fact]:
    if kept == "NONE":
        return ["evse", "evse_entry", "evse_registry"]
    absent: list[Fact] = [] if is_entered else ["evse_entry"]
    return absent if kept == "REQUIRED" else [*absent, "evse_registry"]


def _of_keys(kept: str, facts: Facts) -> list[Fact]:
    """Signed values tell whether their key is the registered one, where there is one."""
    if kept == "REQUIRED":
        return []
    tells = facts.signed is not None and facts.signed.key_is_registered is not None
    if kept == "IF_PRESENT" and tells:
        return ["meter_key_registry"]
    return ["meter_key_registry", "meter_key"]


_ALL_REGISTRIES: tuple[Fact, ...] = (
    "evse",
    "evse_entry",
    "evse_registry",
    "meter_key",
    "meter_key_registry",
    "credential",
    "credential_registry",
    "authorization",
    "authorization_registry",
)
