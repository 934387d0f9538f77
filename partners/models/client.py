"""Systems that log in: OAuth2 clients bound to one partner, their tokens, their retries."""

from django.db import models
from django.db.models import Q
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractApplication,
    AbstractIDToken,
    AbstractRefreshToken,
)

from clearinghouse.uuid7 import new_uuid7
from partners.models.environment import environment_field
from partners.models.partner import Partner


class ApiClient(AbstractApplication):
    """An OAuth2 client (RFC 6749 client credentials) of one partner, in one environment."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="api_clients")
    environment = environment_field()
    scopes = models.CharField(
        max_length=1000,
        default="sdr:write sdr:read settlement:read",
        help_text="what this client may ask for",
    )

    class Meta(AbstractApplication.Meta):
        verbose_name = "API client"
        constraints = [
            models.CheckConstraint(
                condition=Q(authorization_grant_type="client-credentials"),
                name="api_client_uses_client_credentials",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.environment})"

    def is_usable(self, request) -> bool:
        """A revoked client has no scope left; the token endpoint refuses it."""
        return bool(self.scopes)


class AccessToken(AbstractAccessToken):
    """A bearer token of which the database knows only the SHA-256."""

    class Meta(AbstractAccessToken.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(token=""), name="access_token_is_stored_as_checksum")
        ]

    def __str__(self) -> str:
        return f"access token #{self.pk}"


class RefreshToken(AbstractRefreshToken):
    """Never issued (client credentials have none); here because token models refer in a circle."""

    class Meta(AbstractRefreshToken.Meta):
        pass

    def __str__(self) -> str:
        return f"refresh token #{self.pk}"


class IDToken(AbstractIDToken):
    """Never issued; here because token models refer in a circle."""

    class Meta(AbstractIDToken.Meta):
        pass

    def __str__(self) -> str:
        return f"id token #{self.pk}"


class IdempotencyKey(models.Model):
    """An ``Idempotency-Key`` of one client: the first request with it, and its answer.

    After draft-ietf-httpapi-idempotency-key-header: another body is 422, one in flight 409.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    client = models.ForeignKey(ApiClient, on_delete=models.PROTECT)
    key = models.CharField(max_length=255)
    request_sha256 = models.CharField(max_length=64)
    locked_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "key"], name="idempotency_key_is_unique_per_client"
            )
        ]

    def __str__(self) -> str:
        return f"key of client #{self.client_id}"
