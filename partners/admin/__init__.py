"""Staff pages over partners, agreements, people and jobs, one file per noun.

The OAuth library registers pages of its own; tokens are nobody's to look at, so they go.
"""

import oauth2_provider.admin  # noqa: F401 registers first, so that we can take it back
from django.contrib import admin
from django.contrib.auth.models import Group
from oauth2_provider.models import get_grant_model

from partners.models import AccessToken, ApiClient, IDToken, RefreshToken

for _model in (AccessToken, ApiClient, IDToken, RefreshToken, get_grant_model(), Group):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)

from partners.admin import (  # noqa: E402, F401 they register themselves
    agreement,
    audit_trail,
    bank_change,
    client,
    contract,
    job,
    notice,
    partner,
    party,
    people,
)
