"""Parties by the code that somebody typed."""

from django.core.management.base import CommandError

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from partners.models import Party


def cso_by_code(code: str, environment: str) -> Party:
    """:raises CommandError: it is none, or nobody's"""
    try:
        country, _, party_id = parse_party_code(code).normal.partition("*")
    except MalformedPartyCode as malformed:
        raise CommandError(f"{malformed}; send e.g. DE*NLX") from malformed
    party = Party.objects.filter(
        country_code=country, party_id=party_id, role=Party.Role.CSO, environment=environment
    ).first()
    if party is None:
        raise CommandError(f"{code} is no CSO of {environment}.")
    return party
