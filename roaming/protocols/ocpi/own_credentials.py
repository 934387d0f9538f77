"""Our own credentials object, as each version and each partner is to see it.

2.2.1: one role HUB, its clients are told by HubClientInfo. 2.3.0: ``hub_party_id``, and every party
that the other side may reach. 2.1.1: one party, flat.
"""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from partners.models import RoamingEndpoint
from roaming.protocols.ocpi.identity import hub_code, word_of
from roaming.queries_presence import reachable_parties

_NAME = "Clearing house"


def credentials(
    endpoint: RoamingEndpoint, *, token: str, version: str, versions_url: str, now: datetime
) -> dict[str, Any]:
    country, party = hub_code()
    own = {"token": token, "url": versions_url}
    code = {"country_code": country, "party_id": party}
    if version == "2.1.1":
        return own | {"business_details": {"name": _NAME}} | code
    if version == "2.2.1":
        return own | {"roles": [_role("HUB", _NAME, country, party)]}
    reachable = [
        _role(word_of(one.role), one.name, one.country_code, one.party_id)
        for one in reachable_parties(endpoint, now=now)
    ]
    # At least one role must be told, also where nobody can be reached yet.
    roles = reachable or [_role("OTHER", _NAME, country, party)]
    return own | {"hub_party_id": country + party, "roles": roles}


def own_versions_url(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("ocpi:versions"))


def _role(word: str, name: str, country: str, party: str) -> dict[str, Any]:
    return {
        "role": word,
        "business_details": {"name": name[:100]},
        "party_id": party,
        "country_code": country,
    }
