"""Read the identifiers of roaming: parties, EVSEs and contracts.

Readers are lenient in case and separators and give one normal form, so that two spellings of one
thing compare equal. The caller keeps what it received beside the normal form. Rules and vectors:
``docs/algorithms/identifiers.md``.
"""

from clearinghouse.identifiers.check_digits import din_check_digit, emi3_check_digit
from clearinghouse.identifiers.contract import (
    ContractId,
    ContractIdForm,
    MalformedContractId,
    WrongCheckDigit,
    emi3_from_din,
    parse_contract_id,
)
from clearinghouse.identifiers.evse import EvseId, EvseIdForm, MalformedEvseId, parse_evse_id
from clearinghouse.identifiers.party import (
    MalformedIdentifier,
    MalformedPartyCode,
    PartyCode,
    parse_party_code,
)

__all__ = [
    "ContractId",
    "ContractIdForm",
    "EvseId",
    "EvseIdForm",
    "MalformedContractId",
    "MalformedEvseId",
    "MalformedIdentifier",
    "MalformedPartyCode",
    "PartyCode",
    "WrongCheckDigit",
    "din_check_digit",
    "emi3_check_digit",
    "emi3_from_din",
    "parse_contract_id",
    "parse_evse_id",
    "parse_party_code",
]
