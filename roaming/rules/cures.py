"""What has to happen before a held record goes on, told to whoever looks after it."""

from typing import Final

# By code: the fact that cures it. Codes without an entry need a person's word or a new record.
_FACTS: Final = {
    "V003": "Set up the home-CSP that the record names, or its agreement with the seller.",
    "V005": "Enter the EVSE in the seller's registry of EVSEs.",
    "V007": "Have the home-CSP enter the contract in its registry of credentials.",
    "V010": "Have the home-CSP report the authorization.",
    "V301": "Enter the meter's key; the record itself must carry the signed values.",
    "V303": "Enter the meter's public key, valid when the session ended.",
    "V501": "Have the seller publish the tariff, valid at session start.",
    "V502": "It goes on if a tariff or a consent makes our price the claim; else a person decides.",
    "V509": "Have the seller publish the tariff with the right VAT, or enter the country's rate.",
    "V601": "Nothing to enter: it goes on when the record that it names arrives.",
    "V703": "Nothing to enter: it goes on when the buyer's exposure is lower.",
}
_PERSON: Final = "A person decides: release it with a reason, let it be corrected, or reject it."


def cure_of(code: str) -> tuple[str, bool]:
    """What cures a HOLD of ``code``, and whether the house sees it by itself when it arrives."""
    return (_FACTS[code], True) if code in _FACTS else (_PERSON, False)
