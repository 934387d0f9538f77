"""Which CSP published a contract: for records that name a contract and no CSP."""

from django.db.models import Exists, OuterRef

from partners.models import Party
from roaming.intake.normal import pseudonym_of_contract
from roaming.models import Credential, WhitelistEntry


def csp_of_contract(contract_id: str, *, environment: str) -> Party | None:
    """The one CSP that knows the contract; ``None`` where nobody does, or several.

    Hashes are keyed per CSP, so the contract is hashed for each that published any: a handful of
    HMACs, one query per table.
    """
    publishers = _publishers(environment)
    hashes = {pseudonym_of_contract(contract_id, one.pk).contract_hash: one for one in publishers}
    known = set(
        WhitelistEntry.objects.filter(contract_hash__in=hashes).values_list("csp", "contract_hash")
    )
    known |= set(
        Credential.objects.filter(contract_hash__in=hashes).values_list("csp", "contract_hash")
    )
    found = {hashes[key] for csp, key in known if hashes[key].pk == csp}
    return found.pop() if len(found) == 1 else None


def _publishers(environment: str) -> list[Party]:
    csps = Party.objects.filter(role=Party.Role.CSP, environment=environment)
    listed = Exists(WhitelistEntry.objects.filter(csp=OuterRef("pk")))
    entered = Exists(Credential.objects.filter(csp=OuterRef("pk")))
    return list(csps.filter(listed | entered))
