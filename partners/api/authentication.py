"""Bearer tokens of partners' systems (RFC 6750), in the Authorization header only.

One indexed query per request and no cache: a revoked client or a closed partner is refused at
its next request. Tokens in URLs or bodies, which end up in logs, are not read.
"""

import hashlib

from django.utils import timezone
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework.exceptions import AuthenticationFailed

from partners.models import AccessToken
from partners.queries import service_end_of_partner, state_of_partner
from partners.rules.life import standing


class PartnerAuthentication(OAuth2Authentication):
    """``request.auth`` becomes the token, with client, partner and ``partner_standing``."""

    def authenticate(self, request):
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        now = timezone.now()
        checksum = hashlib.sha256(token.strip().encode()).hexdigest()
        known = (
            AccessToken.objects.filter(token_checksum=checksum, application__isnull=False)
            .select_related("application__partner")
            .annotate(
                partner_state=state_of_partner("application__partner", now=now),
                partner_service_ends_at=service_end_of_partner("application__partner", now=now),
            )
            .first()
        )
        if known is None:
            raise AuthenticationFailed(
                "This token is not known or was revoked; get one from POST /o/token/.",
                code="TOKEN_UNKNOWN",
            )
        if known.expires <= now:
            raise AuthenticationFailed(
                "This token has expired; get a new one from POST /o/token/.", code="TOKEN_EXPIRED"
            )
        known.partner_standing = standing(
            known.partner_state or "", service_ends_at=known.partner_service_ends_at, at=now
        )
        return None, known

    def authenticate_header(self, request) -> str:
        return 'Bearer realm="clearinghouse"'
