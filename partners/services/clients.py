"""API clients of partners: made with a secret that is shown once, and revoked at once."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

from django.conf import settings
from oauth2_provider.generators import generate_client_id, generate_client_secret

from clearinghouse.retry import in_transaction
from partners.models import AccessToken, ApiClient, Environment, Partner


class UnknownScope(ValueError):
    """A scope that this house does not have; the message lists those it has."""


class ClientCredentials(NamedTuple):
    """What the partner's system logs in with. The secret cannot be read again."""

    client_id: str
    secret: str


def create_api_client(
    partner: Partner, *, environment: str, name: str, scopes: Iterable[str]
) -> ClientCredentials:
    """Create an OAuth2 client (client credentials) bound to ``partner`` and ``environment``.

    The secret is returned here and nowhere else: the database keeps its hash.

    :raises UnknownScope: a scope is none of ``settings.OAUTH2_PROVIDER["SCOPES"]``.
    """
    wanted = list(dict.fromkeys(scopes))
    known = cast(Mapping[str, str], settings.OAUTH2_PROVIDER["SCOPES"])
    if not wanted or not set(wanted) <= set(known):
        raise UnknownScope(f"scopes {wanted}: choose from {', '.join(known)}")
    secret = generate_client_secret()
    client = ApiClient.objects.create(
        client_id=generate_client_id(),
        client_secret=secret,
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
        name=name,
        partner=partner,
        environment=Environment(environment).value,
        scopes=" ".join(wanted),
    )
    return ClientCredentials(client.client_id, secret)


def rotate_api_client(client: ApiClient) -> ClientCredentials:
    """Make another client that may do the same: both work until the old one is revoked.

    :raises UnknownScope: the client is revoked, so that there is nothing it may do.
    """
    return create_api_client(
        client.partner,
        environment=client.environment,
        name=client.name,
        scopes=client.scopes.split(),
    )


def revoke_api_client(client: ApiClient) -> None:
    """Take the client's scopes and tokens away: its next request and login are refused."""

    def work() -> None:
        ApiClient.objects.filter(pk=client.pk).update(scopes="")
        AccessToken.objects.filter(application=client).delete()

    in_transaction(work)
