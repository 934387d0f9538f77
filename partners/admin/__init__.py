"""Staff pages over partners, agreements, people and jobs, one file per noun.

The libraries of logins and tokens register pages of their own; secrets are nobody's to look at, so
they go.
"""

import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401
import oauth2_provider.admin  # noqa: F401
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from oauth2_provider.models import get_grant_model

from partners.models import AccessToken, ApiClient, IDToken, RefreshToken

_THEIRS = (
    *(AccessToken, ApiClient, IDToken, RefreshToken, get_grant_model(), Group),
    *(EmailAddress, EmailConfirmation, Authenticator, UserSession),
)
for _model in _THEIRS:
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)

from partners.admin import (  # noqa: E402, F401 they register themselves
    access,
    agreement,
    audit_trail,
    bank_change,
    client,
    contract,
    job,
    notice,
    offer,
    partner,
    party,
    people,
)
