"""Rules on the contract, and on the authorization under which it charged.

No message repeats a contract id: findings outlive the person's data.
"""

from datetime import timedelta

from clearinghouse.identifiers import MalformedContractId, parse_contract_id
from roaming.rules.findings import Facts, Found, Limits
from roaming.rules.identity import is_same_party
from roaming.rules.record import InboundSdr

UNCLEARED_KINDS = frozenset({"TEST", "HOME", "ADHOC", "AD_HOC", "AD_HOC_USER"})


def contract_id_is_well_formed(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V007 (EMAID of ISO 15118-2 Annex H, eMI3, DIN SPEC 91286). A wrong check digit is named."""
    try:
        parse_contract_id(sdr.contract_id)
    except MalformedContractId as malformed:
        return Found(str(malformed))
    return None


def contract_is_on_the_list(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V007. Unknown at the CSP: the record waits until its list has the contract."""
    if facts.credential is not None and facts.credential.is_known:
        return None
    return Found("the contract is not on the list of its CSP")


def contract_was_valid(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V008. Lists need time to spread: a block counts once it is a day old."""
    known = facts.credential
    if known is None or sdr.started_at is None:
        return None
    if known.starts_at is not None and sdr.started_at < known.starts_at:
        return Found("the contract was not valid yet at session start")
    if known.ends_at is not None and sdr.started_at >= known.ends_at:
        return Found("the contract was no longer valid at session start")
    grace_hours = limits["blocked_hours"]
    grace = timedelta(seconds=int(grace_hours * 3600))
    if known.blocked_at is not None and sdr.started_at - known.blocked_at > grace:
        hours = (sdr.started_at - known.blocked_at) // timedelta(hours=1)
        return Found(
            "the contract was blocked at session start",
            measured=f"{hours} h",
            limit=f"{grace_hours} h",
        )
    return None


def provider_is_the_csp(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V009. A provider id that no party here has says nothing: a CSP may use several."""
    if facts.contract_csp is None or is_same_party(facts.contract_csp, sdr.csp_id):
        return None
    return Found(f"the contract is of another CSP than {sdr.csp_id}")


def authorizer_is_the_csp(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V009. Who authorized pays."""
    trace = facts.authorization
    if trace is None or not trace.csp_code or is_same_party(trace.csp_code, sdr.csp_id):
        return None
    return Found(f"another CSP than {sdr.csp_id} authorized the session")


def authorization_is_traced(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V010. Neither an authorization nor a list nor a remote start explains the session."""
    if facts.authorization is not None and facts.authorization.is_known:
        return None
    return Found("no authorization of this session is known")


def authorization_was_granted(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V011."""
    if facts.authorization is None or facts.authorization.is_granted:
        return None
    return Found(f"{sdr.csp_id} refused the authorization")


def kind_is_cleared(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V015. Tests, home charging and payments on the spot are no roaming unless agreed."""
    if sdr.credential_type.upper() not in UNCLEARED_KINDS:
        return None
    return Found(f"{sdr.credential_type} sessions are not covered by the agreement")
