"""Whose pseudonym a contract id has: for staff that a driver or a partner asked about one."""

from datetime import datetime

from partners.models import Party, User
from partners.queries import clearing_house
from partners.services import audit
from roaming.intake.normal import pseudonym_of_contract
from roaming.models import ContractIdentity


def pseudonyms_of(contract_id: str, *, asked_by: User, now: datetime) -> list[str]:
    """Pseudonyms under which a contract or credential id is known; none after an erasure.

    Hashes are keyed per CSP, so it is hashed for each: some microseconds apiece, one query. That
    somebody looked and found is written down, the id is not.
    """
    csps = Party.objects.filter(role=Party.Role.CSP).values_list("pk", flat=True)
    hashes = {pseudonym_of_contract(contract_id, csp).contract_hash for csp in (None, *csps)}
    known = ContractIdentity.objects.filter(contract_hash__in=hashes)
    found = sorted(set(known.values_list("pseudonym", flat=True)))
    if found:
        audit.record(
            "driver.found",
            clearing_house(),
            actor=asked_by.get_username(),
            at=now,
            after={"pseudonyms": found},
        )
    return found
