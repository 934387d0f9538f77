"""Give logins their roles; the groups behind them follow the table of ``rules.roles``."""

from datetime import datetime

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from partners.models import User
from partners.rules import roles
from partners.services import audit


class RoleRefused(Exception):
    """These roles do not go together with this login; the text says why."""


@transaction.atomic
def ensure_roles() -> None:
    """Make the groups and give each exactly the rights of the table; again and again the same.

    A right that is not in the database (yet) is passed over: a later migration brings it.
    """
    known = {
        f"{app_label}.{codename}": pk
        for pk, app_label, codename in Permission.objects.values_list(
            "pk", "content_type__app_label", "codename"
        )
    }
    for name in roles.ROLES:
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set([known[right] for right in roles.rights_of(name, known)])


def roles_of(user: User) -> list[str]:
    """The names of the person's roles, in the order of the table."""
    names = set(user.groups.values_list("name", flat=True))
    return [name for name in roles.ROLES if name in names]


def label_of(user: User) -> str:
    """The person's roles in words."""
    return ", ".join(roles.ROLES[name].label for name in roles_of(user))


@transaction.atomic
def give_roles(user: User, names: list[str], *, by: str, now: datetime, reason: str = "") -> None:
    """Let the person have these roles and no other.

    :raises RoleRefused: a role of the other side, or not exactly one for a partner's person
    """
    refusal = roles.refusal_of(names, is_of_partner=user.partner_id is not None)
    if refusal:
        raise RoleRefused(refusal)
    before = roles_of(user)
    user.groups.set(Group.objects.filter(name__in=names))
    audit.record(
        "user.roles_given",
        user,
        actor=by,
        at=now,
        reason=reason,
        before={"roles": before},
        after={"roles": roles_of(user)},
    )
