"""From whom a request comes and for whom it is (OCPI 2.2.1, transport and routing).

Missing headers of a system with one party are filled in; what it says of parties it was not
approved for is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from partners.models import Party
from roaming.protocols.ocpi.faults import INVALID, UNKNOWN_RECEIVER, Fault
from roaming.protocols.ocpi.identity import hub_code, is_hub

FROM = ("OCPI-from-country-code", "OCPI-from-party-id")
TO = ("OCPI-to-country-code", "OCPI-to-party-id")


@dataclass(frozen=True, slots=True)
class Address:
    """Country code and party id as a header states them; empty: it states none."""

    country_code: str = ""
    party_id: str = ""

    def __bool__(self) -> bool:
        return bool(self.country_code or self.party_id)

    def __str__(self) -> str:
        return f"{self.country_code}*{self.party_id}"

    @property
    def is_hub(self) -> bool:
        return is_hub(self.country_code, self.party_id)


def address(headers: Mapping[str, str], names: tuple[str, str]) -> Address:
    country, party = (headers.get(name, "").strip().upper() for name in names)
    return Address(country, party)


def sender_among(parties: Sequence[Party], stated: Address, role: str | None) -> Party:
    """The approved party that the request comes from, in ``role`` where one is needed.

    :raises Fault: it states one that was not approved, or none where several could be meant
    """
    mine = [party for party in parties if role is None or party.role == role]
    if stated and not stated.is_hub:
        mine = [party for party in mine if (party.country_code, party.party_id) == _of(stated)]
        if not mine:
            raise Fault(INVALID, f"This connection does not speak for {stated}{_as(role)}.")
    if not mine:
        raise Fault(INVALID, f"This connection speaks for no party{_as(role)}.")
    if len({party.code for party in mine}) > 1:
        raise Fault(INVALID, "Say which of your parties this is from: OCPI-from-country-code…")
    return mine[0]


def receiver_of(stated: Address, role: str | None, *, environment: str) -> Party | None:
    """The party that the request names; ``None``: it names the hub, or nobody.

    :raises Fault: 4001, no such party is known here
    """
    if not stated or stated.is_hub:
        return None
    found = Party.objects.filter(
        environment=environment, country_code=stated.country_code, party_id=stated.party_id
    )
    party = found.filter(role=role).first() if role else found.order_by("role").first()
    if party is None:
        raise Fault(UNKNOWN_RECEIVER, f"{stated} is not known here.")
    return party


def headers_between(sender: Party | None, receiver: Party | None) -> dict[str, str]:
    """Routing headers of a request or answer; ``None`` is the hub."""
    texts = [*_code(receiver), *_code(sender)]
    return dict(zip((*TO, *FROM), texts, strict=True))


def _code(party: Party | None) -> tuple[str, str]:
    return (party.country_code, party.party_id) if party else hub_code()


def _of(stated: Address) -> tuple[str, str]:
    return stated.country_code, stated.party_id


def _as(role: str | None) -> str:
    return f" as {Party.Role(role).label.lower()}" if role else ""
