"""/account/: log in and out, passwords, second factors and sessions, for staff and partners alike.

Of django-allauth's pages those that we need: nobody signs up, e-mail addresses are changed by who
manages logins.
"""

from allauth.account import views as account
from django.urls import include, path, re_path

from partners.views import invitation, language, sessions

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/forgotten/", account.password_reset, name="account_reset_password"),
    path("password/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("invitation/<str:token>/", invitation.accept, name="account_invitation"),
    path("language/", language.choose, name="account_language"),
    path("sessions/", sessions.sessions, name="usersessions_list"),
    path("second-factor/", include("allauth.mfa.urls")),
]
