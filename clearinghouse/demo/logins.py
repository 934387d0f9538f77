"""Who may log in to the demo: passwords are made once and kept in a file of their own."""

import json
import os
import secrets
from pathlib import Path

from django.contrib.auth.models import Permission

from partners.models import Partner, User

# One asks for the release of a settlement, the other releases it.
MAKER, CHECKER = STAFF = ("operator", "controller")


def ensure_logins(path: Path, partners: dict[str, Partner]) -> dict[str, str]:
    """User name to password: two members of staff and one person per partner."""
    known = read_logins(path)
    logins = {name: known.get(name, secrets.token_urlsafe(9)) for name in STAFF}
    for name in sorted(partners):
        user_name = f"finance@{name.lower()}.example"
        logins[user_name] = known.get(user_name, secrets.token_urlsafe(9))
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(logins, stream, indent=2)
    for name in STAFF:
        _ensure_user(name, logins[name], is_staff=True, is_superuser=True)
        _make_approver(name)
    for name, partner in partners.items():
        user_name = f"finance@{name.lower()}.example"
        _ensure_user(user_name, logins[user_name], partner=partner)
    return logins


def _make_approver(user_name: str) -> None:
    """Being a superuser gives no right to release: an approver is one by name."""
    rights = Permission.objects.filter(codename__startswith="approve_")
    User.objects.get(username=user_name).user_permissions.add(*rights)


def read_logins(path: Path) -> dict[str, str]:
    """The logins made by an earlier demo, or nothing."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _ensure_user(user_name: str, password: str, **fields: object) -> None:
    user, _ = User.objects.get_or_create(username=user_name, defaults=fields)
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
