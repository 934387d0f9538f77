"""Which scopes a client may ask for at the token endpoint: those it was granted."""

from oauth2_provider.scopes import SettingsScopes
from oauthlib.oauth2.rfc6749.errors import UnauthorizedClientError


class ClientScopes(SettingsScopes):
    """A client that asks for nothing gets all of its scopes; a revoked one gets no token."""

    def get_available_scopes(self, application=None, request=None, *args, **kwargs):
        return application.scopes.split() if application else []

    def get_default_scopes(self, application=None, request=None, *args, **kwargs):
        granted = self.get_available_scopes(application)
        if not granted:
            raise UnauthorizedClientError("this client was revoked")
        return granted
