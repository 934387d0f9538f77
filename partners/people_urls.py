"""/portal/people/: who of the own company may log in, and as what."""

from django.urls import path

from partners.views import people

app_name = "people"

urlpatterns = [
    path("", people.people_list, name="list"),
    path("invite/", people.invite, name="invite"),
    path("invitations/<uuid:invitation_id>/withdraw/", people.withdraw, name="withdraw"),
    path("second-factor/", people.second_factor, name="second-factor"),
    path("<int:user_id>/role/", people.change_role, name="role"),
    path("<int:user_id>/switch/", people.switch, name="switch"),
]
