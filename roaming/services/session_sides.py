"""Whose driver it is: the CSP of a session, and whether both sides have an agreement."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from clearinghouse.identifiers import MalformedContractId, parse_contract_id
from partners.models import Party, RoamingAgreement
from partners.queries import in_period
from roaming.intake.facts import normal_code
from roaming.messages.authorizations import ShownCredential
from roaming.models import WhitelistEntry
from roaming.services.drivers import known_as
from roaming.services.whitelist import lookup_hashes_of


def csps_agreed_with(cso: Party, *, now: datetime) -> list[Party]:
    """The CSPs whose drivers may charge at the CSO's stations now."""
    agreed = RoamingAgreement.objects.filter(
        in_period(now), seller=cso, in_force_at__isnull=False
    ).values("buyer")
    return list(Party.objects.filter(pk__in=agreed, role=Party.Role.CSP).order_by("id"))


def have_agreed(cso: Party, csp: Party, *, now: datetime) -> bool:
    """An agreement between both is in force, whatever its service or currency."""
    return RoamingAgreement.objects.filter(
        in_period(now), seller=cso, buyer=csp, in_force_at__isnull=False
    ).exists()


def csp_by_code(code: str, *, environment: str) -> Party | None:
    country, _, party_id = normal_code(code).partition("*")
    return Party.objects.filter(
        country_code=country, party_id=party_id, role=Party.Role.CSP, environment=environment
    ).first()


def listing_csps(driver: ShownCredential, csps: Iterable[Party]) -> set[UUID]:
    """Which of ``csps`` list what is shown, or its contract, each under a hash of its own."""
    by_id = {csp.pk: csp for csp in csps}
    by_hash = {known_as(driver, csp_id).contract_hash: csp_id for csp_id in by_id}
    by_hash.pop("", None)
    environments = {csp.environment for csp in by_id.values()}
    shown = [
        one
        for environment in environments
        if driver.uid or driver.uid_sha256
        for one in lookup_hashes_of(driver, environment)
    ]
    listed = WhitelistEntry.objects.filter(
        Q(lookup_hash__in=shown) | Q(contract_hash__in=list(by_hash))
    )
    return {
        csp_id
        for csp_id, lookup_hash, contract_hash in listed.values_list(
            "csp", "lookup_hash", "contract_hash"
        )
        if (lookup_hash in shown and csp_id in by_id) or by_hash.get(contract_hash) == csp_id
    }


def csp_of_driver(driver: ShownCredential, cso: Party, *, now: datetime) -> Party | None:
    """The CSP that lists the driver's contract, else the one that the contract id names.

    A contract id's provider need not be a party of that name, so it is the last resort.
    """
    agreed = csps_agreed_with(cso, now=now)
    owners = listing_csps(driver, agreed)
    if len(owners) == 1:
        return next(csp for csp in agreed if csp.pk in owners)
    try:
        stated = driver.contract_id or driver.uid
        named = parse_contract_id(stated, accept_wrong_check_digit=True).party_code
    except MalformedContractId:
        return None
    return next((csp for csp in agreed if csp.code == named), None)
