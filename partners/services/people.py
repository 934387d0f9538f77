"""What a company's administrator does with the logins of its people."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from partners.models import Partner, User
from partners.rules import roles as rules
from partners.services import audit, invitations
from partners.services.roles import RoleRefused, give_roles

_LAST = gettext_noop(
    "Somebody has to manage the logins: make another person administrator first, or ask the"
    " clearing house."
)


@transaction.atomic
def change_role(user: User, role: str, *, by: User, now: datetime) -> None:
    """:raises RoleRefused: no role of a partner's, or nobody would be left to manage logins."""
    if role not in rules.PARTNER_ROLES:
        raise RoleRefused(gettext("Choose one of the roles."))
    if role != rules.PARTNER_ADMIN:
        _refuse_the_last(user)
        invitations.withdraw_those_of(user, by=by, now=now)
    give_roles(user, [role], by=by.get_username(), now=now)


@transaction.atomic
def switch(user: User, *, is_active: bool, by: User, now: datetime) -> None:
    """Let a login work, or no longer; its sessions end with it, and its open invitations.

    :raises RoleRefused: nobody would be left to manage logins
    """
    if not is_active:
        _refuse_the_last(user)
        invitations.withdraw_those_of(user, by=by, now=now)
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    audit.record(
        "user.switched_on" if is_active else "user.switched_off",
        user,
        actor=by.get_username(),
        at=now,
    )


@transaction.atomic
def demand_second_factor(partner: Partner, *, demands: bool, by: User, now: datetime) -> None:
    """Whether the partner's people log in with a second factor only."""
    partner.demands_second_factor = demands
    partner.save(update_fields=["demands_second_factor"])
    audit.record(
        "partner.second_factor_demanded" if demands else "partner.second_factor_left_free",
        partner,
        actor=by.get_username(),
        at=now,
    )


def _refuse_the_last(user: User) -> None:
    """Under a lock on all administrators: two who leave at once see each other."""
    if user.partner_id is None:
        return
    administrators = list(
        User.objects.filter(
            partner_id=user.partner_id, groups__name=rules.PARTNER_ADMIN, is_active=True
        )
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    if user in administrators and not rules.keeps_an_administrator(administrators, without=user):
        raise RoleRefused(gettext(_LAST))
