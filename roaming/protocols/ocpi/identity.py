"""Words of OCPI for who somebody is: versions, roles, and our own party."""

from django.conf import settings

from partners.models import Party

PROTOCOL = "OCPI"
# Newest first: what a partner's system is offered.
VERSIONS = ("2.3.0", "2.2.1", "2.1.1")

_ROLE_OF_WORD = {
    "CPO": Party.Role.CSO,
    "EMSP": Party.Role.CSP,
    "NAP": Party.Role.DATA,
    "NSP": Party.Role.DATA,
    "SCSP": Party.Role.DATA,
    "OTHER": Party.Role.DATA,
}
_WORD_OF_ROLE = {Party.Role.CSO: "CPO", Party.Role.CSP: "EMSP", Party.Role.DATA: "NSP"}


def format_of(version: str) -> str:
    """What ``document_format`` says of an object that came in this version."""
    return f"{PROTOCOL} {version}"


def version_of(document_format: str) -> str:
    """The version of a ``document_format``; "" where it is another protocol's."""
    protocol, _, version = document_format.partition(" ")
    return version if protocol == PROTOCOL else ""


def role_of(word: str) -> str:
    """Our role for OCPI's word; what OCPI does not list counts as data only."""
    return _ROLE_OF_WORD.get(word.upper(), Party.Role.DATA)


def word_of(role: str) -> str:
    """OCPI's word for our role."""
    return _WORD_OF_ROLE[Party.Role(role)]


def hub_code() -> tuple[str, str]:
    """Country code and party id of the clearing house, in upper case."""
    return settings.HUB_COUNTRY_CODE.upper(), settings.HUB_PARTY_ID.upper()


def is_hub(country_code: str, party_id: str) -> bool:
    return (country_code.upper(), party_id.upper()) == hub_code()
