"""Invite somebody to get a login for a partner, and make that login when the letter is answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.core import signing
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from partners.models import Invitation, Partner, User
from partners.queries_languages import language_of_company
from partners.rules.roles import PARTNER_ROLES
from partners.services import audit

VALID_FOR = timedelta(days=7)
_SALT = "partners.invitation"
_LETTER = gettext_noop(
    "You are invited to work for %(partner)s at the clearing house, with the role %(role)s.\n\n"
    "Choose your user name and password here until %(until)s UTC; the address works once:\n"
    "%(url)s\n\n"
    "If you expected no such letter, leave it alone: nothing happens."
)


class InvitationRefused(Exception):
    """Nobody is invited, or nothing can be accepted; the text says why."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody who accepts says of himself."""

    user_name: str
    password: str
    first_name: str = ""
    last_name: str = ""


@transaction.atomic
def invite(partner: Partner, email: str, role: str, *, by: User, now: datetime) -> Invitation:
    """Take the invitation down; one that was sent before to the same address ends.

    Whether the address has a login with another company is not told.

    :raises InvitationRefused: no role of a partner's people, or the address has a login here
    """
    if role not in PARTNER_ROLES:
        raise InvitationRefused(gettext("Choose one of the roles."))
    if User.objects.filter(partner=partner, email__iexact=email).exists():
        raise InvitationRefused(
            gettext("%(email)s has a login of %(partner)s already: change its role below.")
            % {"email": email, "partner": partner}
        )
    open_before = Invitation.objects.filter(
        partner=partner, email__iexact=email, accepted_at=None, withdrawn_at=None
    )
    open_before.update(withdrawn_at=now)
    invitation = Invitation.objects.create(
        partner=partner,
        email=email,
        role=role,
        invited_by=by,
        invited_at=now,
        expires_at=now + VALID_FOR,
    )
    _note("invitation.sent", invitation, by=by.get_username(), now=now)
    return invitation


def send_letter(invitation: Invitation) -> None:
    """Send the address to the person; not inside a transaction.

    :raises OSError: the mail server cannot be reached or refuses
    """
    values = {
        "partner": invitation.partner,
        "until": f"{invitation.expires_at:%Y-%m-%d %H:%M}",
        "url": f"{settings.PUBLIC_URL}/account/invitation/{token_of(invitation)}/",
    }
    with translation.override(language_of_company(invitation.partner_id)):
        values["role"] = gettext(PARTNER_ROLES[invitation.role].label)
        letter = EmailMessage(
            subject=gettext("Your login at the clearing house for %(partner)s") % values,
            body=gettext(_LETTER) % values,
            to=[invitation.email],
        )
    letter.send()


def token_of(invitation: Invitation) -> str:
    """What proves that the letter was read: the id, signed; nothing of it is stored."""
    return signing.dumps(str(invitation.pk), salt=_SALT)


def found_by(token: str, *, now: datetime) -> Invitation | None:
    """The invitation while it can be accepted."""
    try:
        invitation_id = UUID(signing.loads(token, salt=_SALT, max_age=VALID_FOR))
    except (signing.BadSignature, ValueError):
        return None
    return (
        Invitation.objects.filter(
            pk=invitation_id, accepted_at=None, withdrawn_at=None, expires_at__gt=now
        )
        .select_related("partner")
        .first()
    )


def accept(invitation_id: UUID, newcomer: Newcomer, *, now: datetime) -> User:
    """Make the login with the role that the invitation names.

    :raises InvitationRefused: it was answered, withdrawn or ran out meanwhile, or the name is taken
    """
    try:
        return _accept(invitation_id, newcomer, now=now)
    except IntegrityError as error:
        if "username" not in str(error):
            raise
        raise InvitationRefused(gettext("This user name is taken. Choose another one.")) from error


@transaction.atomic
def _accept(invitation_id: UUID, newcomer: Newcomer, *, now: datetime) -> User:
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation_id)
    is_open = invitation.accepted_at is None and invitation.withdrawn_at is None
    if not is_open or invitation.expires_at <= now:
        raise InvitationRefused(
            gettext("This invitation can no longer be accepted. Ask for another one.")
        )
    user = User(
        username=newcomer.user_name,
        email=invitation.email,
        first_name=newcomer.first_name,
        last_name=newcomer.last_name,
        partner_id=invitation.partner_id,
    )
    user.set_password(newcomer.password)
    user.save(force_insert=True)
    user.groups.add(Group.objects.get(name=invitation.role))
    invitation.accepted_at, invitation.user = now, user
    invitation.save(update_fields=["accepted_at", "user"])
    _note("invitation.accepted", invitation, by=user.get_username(), now=now)
    return user


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User, now: datetime) -> bool:
    """Make the address in the letter void; False where it was answered or ended before."""
    changed = Invitation.objects.filter(
        pk=invitation.pk, accepted_at=None, withdrawn_at=None
    ).update(withdrawn_at=now)
    if changed:
        _note("invitation.withdrawn", invitation, by=by.get_username(), now=now)
    return bool(changed)


def _note(action: str, invitation: Invitation, *, by: str, now: datetime) -> None:
    audit.record(
        action,
        invitation,
        actor=by,
        at=now,
        after={"partner": str(invitation.partner), "role": invitation.role},
    )
