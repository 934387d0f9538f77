"""Who may log in to the demo: passwords are made once and kept in a file of their own."""

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import transaction

from partners.models import Partner, User
from partners.rules.roles import PARTNER_ADMIN

# One asks for the release of a settlement, the other releases it. Being a superuser gives no right
# to release: an approver is one by name.
MAKER, CHECKER = STAFF = ("operator", "controller")
# One login for each other role of staff, to look at the house through its eyes.
_ROLES = ("finance", "approver", "auditor", "admin", "regulator", "lab")
# The people of one partner beside its administrator: enough to see the difference.
_PEOPLE_OF = "Nordlicht"
_PEOPLE = {
    "operations": "partner-operations",
    "accounts": "partner-finance",
    "reader": "partner-read-only",
}


def ensure_logins(path: Path, partners: dict[str, Partner]) -> dict[str, str]:
    """User name to password: staff of every role, one person per partner, four of Nordlicht."""
    known = read_logins(path)
    of_partners = _people_of(partners)
    logins = {
        name: known.get(name, secrets.token_urlsafe(9)) for name in (*STAFF, *_ROLES, *of_partners)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(logins, stream, indent=2)
    for name in STAFF:
        _ensure_user(name, logins[name], ["approver"], is_staff=True, is_superuser=True)
    for name in _ROLES:
        _ensure_user(name, logins[name], [name], is_staff=True)
    for name, (partner, role) in of_partners.items():
        _ensure_user(name, logins[name], [role], partner=partner, email=name)
    return logins


def _people_of(partners: dict[str, Partner]) -> dict[str, tuple[Partner, str]]:
    people = {}
    for name, partner in sorted(partners.items()):
        people[f"finance@{name.lower()}.example"] = (partner, PARTNER_ADMIN)
        if name == _PEOPLE_OF:
            for word, role in _PEOPLE.items():
                people[f"{word}@{name.lower()}.example"] = (partner, role)
    return people


def read_logins(path: Path) -> dict[str, str]:
    """The logins made by an earlier demo, or nothing."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


@transaction.atomic
def _ensure_user(user_name: str, password: str, roles: Sequence[str], **fields: object) -> None:
    user, _ = User.objects.get_or_create(username=user_name, defaults=fields)
    user.groups.set(Group.objects.filter(name__in=roles))
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
