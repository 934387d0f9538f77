"""What a profile declares otherwise than it is: told to whoever imports, never changed silently."""

from collections.abc import Iterator
from datetime import datetime

from partners.models import Environment, Party, RoamingAgreement
from partners.queries import agreements_between, current_owner
from roaming.intake.profile import Profile
from roaming.services.profile_setup import agreed_fields


def contradictions(
    profile: Profile, *, now: datetime, environment: str = Environment.LIVE
) -> dict[str, str]:
    """By party code or agreement number: what stands, and what the profile says instead.

    Call it after ``set_up``. What stands counts for every record; the profile's word does not.
    """
    seller = _party(profile.seller.party, "CSO", environment)
    buyers = {c.party: _party(c.party, "CSP", environment) for c in profile.counterparties}
    found: dict[str, str] = {}
    sides = [(profile.seller.name, seller)]
    sides += [(side.name, buyers[side.party]) for side in profile.counterparties]
    for name, party in sides:
        owner = current_owner(party, at=now) if party else None
        if owner and party and name not in (owner.name, party.name):
            found[party.code] = f"belongs to {owner.name}; the profile says {name}"
    for agreement in _newest(seller, list(buyers.values()), profile.agreement.currency):
        if differences := list(_differences(agreement, profile)):
            found[f"{agreement.number} v{agreement.version}"] = "; ".join(differences)
    return found


def _party(code: str, role: str, environment: str) -> Party | None:
    country_code, _, party_id = code.partition("*")
    return Party.objects.filter(
        country_code=country_code, party_id=party_id, role=role, environment=environment
    ).first()


def _newest(
    seller: Party | None, buyers: list[Party | None], currency: str
) -> Iterator[RoamingAgreement]:
    """The newest version with each buyer in the profile's currency."""
    told = set()
    known = [buyer.pk for buyer in buyers if buyer]
    for agreement in agreements_between([seller.pk] if seller else [], known):
        if agreement.currency == currency and agreement.buyer_id not in told:
            told.add(agreement.buyer_id)
            yield agreement


def _differences(agreement: RoamingAgreement, profile: Profile) -> Iterator[str]:
    if agreement.group.name != profile.agreement.group.name:
        yield f"group is {agreement.group.name}, not {profile.agreement.group.name}"
    for name, declared in agreed_fields(profile).items():
        stands = getattr(agreement, name)
        if stands != declared:
            yield f"{name} is {stands}, not {declared}"
