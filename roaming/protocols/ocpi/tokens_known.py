"""Whose contract a 2.1.1 CDR is about: it names a contract id and no provider."""

from functools import partial

from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.known import LookUp
from roaming.services import whitelist_lookup


def tokens_of(environment: str) -> LookUp:
    """A look-up from contract id to the OCPI 2.2.1 token parts that its one CSP published."""
    return partial(_token_of, environment)


def _token_of(environment: str, auth_id: str) -> Tree | None:
    csp = whitelist_lookup.csp_of_contract(auth_id, environment=environment)
    if csp is None:
        return None
    return {
        "country_code": csp.country_code,
        "party_id": csp.party_id,
        "uid": auth_id,
        "type": "OTHER",
        "contract_id": auth_id,
    }
