"""CDRs as records: how they came in is kept with their batch, so that they can be read again."""

from datetime import datetime
from typing import Any

from partners.models import Party, RoamingAgreement
from partners.queries import in_period
from roaming.intake.structure import Submission
from roaming.protocols.ocpi.cdrs import submission_of
from roaming.protocols.ocpi.identity import PROTOCOL, format_of
from roaming.protocols.ocpi.tokens_known import tokens_of
from roaming.protocols.ocpi.trees.cdr_reading import Basis
from roaming.protocols.ocpi.trees.known import NOTHING_KNOWN, Known
from roaming.protocols.ocpi.trees.times import instant

DOOR = PROTOCOL
_WORDS = 5


def profile_of(version: str, owner: Party, basis: Basis) -> str:
    """How a batch's CDRs are to be read: ``OCPI 2.2.1 NL*TNM EXCL_TAX LIVE``."""
    return f"{format_of(version)} {owner.code} {basis} {owner.environment}"


def read_kept(raw: bytes, profile: str) -> Submission | None:
    """A CDR that was kept, read as it was when it came; ``None``: the profile is none of ours."""
    parts = _parts(profile)
    if parts is None:
        return None
    _, version, owner, basis, environment = parts
    read_as: Basis = "INCL_TAX" if basis == "INCL_TAX" else "EXCL_TAX"
    return submission_of(version, raw, owner, basis=read_as, token_of=tokens_of(environment))


def version_kept(profile: str) -> str:
    """The version of a kept CDR; "" where it came in another way."""
    parts = _parts(profile)
    return parts[1] if parts else ""


def known_kept(profile: str) -> Known:
    """What a kept CDR leaves to its connection, for a translation of it."""
    parts = _parts(profile)
    return Known(owner=parts[2], token_of=tokens_of(parts[4])) if parts else NOTHING_KNOWN


def _parts(profile: str) -> list[str] | None:
    parts = profile.split()
    return parts if len(parts) == _WORDS and parts[0] == PROTOCOL else None


def basis_between(seller: Party, csp_code: str, tree: dict[str, Any], *, now: datetime) -> Basis:
    """Which of a CDR's prices is the claim, by the agreement it is priced by; excl. tax without.

    That is the agreement in its currency at the session's start, which may have ended since. A CDR
    that tells no start is read by today's; it is refused for that anyway.
    """
    country, _, party_id = csp_code.partition("*")
    agreement = RoamingAgreement.objects.filter(
        in_period(_start_of(tree) or now),
        seller=seller,
        buyer__country_code=country.upper(),
        buyer__party_id=party_id.upper(),
        currency=str(tree.get("currency")).upper(),
        in_force_at__isnull=False,
    ).first()
    is_incl = agreement is not None and agreement.price_basis == "INCL_TAX"
    return "INCL_TAX" if is_incl else "EXCL_TAX"


def _start_of(tree: dict[str, Any]) -> datetime | None:
    stated = tree.get("start_date_time")
    return instant(stated) if isinstance(stated, str) else None
