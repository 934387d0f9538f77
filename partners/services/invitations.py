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
from partners.rules.roles import PARTNER_ADMIN, PARTNER_ROLES
from partners.services import audit

VALID_FOR = timedelta(days=7)
# More letters than any company needs; without an end our mail server writes to all the world.
MOST_A_DAY = 50
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


def invite(partner: Partner, email: str, role: str, *, by: User, now: datetime) -> Invitation:
    """Take the invitation down; one that was sent before to the same address ends.

    Whether the address has a login with another company is not told.

    :raises InvitationRefused: no role of a partner's people, the address has a login here, enough
        letters were sent today, or somebody invites the same person just now
    """
    try:
        return _invite(partner, email, role, by=by, now=now)
    except IntegrityError as error:
        if "person_is_invited_once_at_a_time" not in str(error):
            raise
        raise InvitationRefused(
            gettext("%(email)s was invited a moment ago: look at the list below.")
            % {"email": email}
        ) from error


@transaction.atomic
def _invite(partner: Partner, email: str, role: str, *, by: User, now: datetime) -> Invitation:
    if role not in PARTNER_ROLES:
        raise InvitationRefused(gettext("Choose one of the roles."))
    if User.objects.filter(partner=partner, email__iexact=email).exists():
        raise InvitationRefused(
            gettext("%(email)s has a login of %(partner)s already: change its role below.")
            % {"email": email, "partner": partner}
        )
    today = Invitation.objects.filter(partner=partner, invited_at__gt=now - timedelta(days=1))
    if today[:MOST_A_DAY].count() >= MOST_A_DAY:
        raise InvitationRefused(
            gettext("At most %(most)s people are invited a day: go on tomorrow.")
            % {"most": MOST_A_DAY}
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
    """The invitation while it can be accepted, and whoever wrote it might still write it."""
    try:
        invitation_id = UUID(signing.loads(token, salt=_SALT, max_age=VALID_FOR))
    except (signing.BadSignature, ValueError):
        return None
    invitation = (
        Invitation.objects.filter(
            pk=invitation_id, accepted_at=None, withdrawn_at=None, expires_at__gt=now
        )
        .select_related("partner", "invited_by")
        .first()
    )
    return invitation if invitation is not None and _may_still_invite(invitation) else None


def _may_still_invite(invitation: Invitation) -> bool:
    """Who was dismissed meanwhile lets nobody in any more, himself by another name least of all."""
    by = invitation.invited_by
    if not by.is_active or by.is_staff:
        return by.is_active
    administers = by.groups.filter(name=PARTNER_ADMIN).exists()
    return administers and by.partner_id == invitation.partner_id


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
    if not is_open or invitation.expires_at <= now or not _may_still_invite(invitation):
        raise InvitationRefused(
            gettext("This invitation can no longer be accepted. Ask for another one.")
        )
    user = User(
        username=User.normalize_username(newcomer.user_name),
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


@transaction.atomic
def withdraw_those_of(inviter: User, *, by: User, now: datetime) -> int:
    """Make the open letters of somebody who invites nobody any more void; how many."""
    own = Invitation.objects.filter(invited_by=inviter, accepted_at=None, withdrawn_at=None)
    return sum(withdraw(one, by=by, now=now) for one in own.select_related("partner"))


def _note(action: str, invitation: Invitation, *, by: str, now: datetime) -> None:
    audit.record(
        action,
        invitation,
        actor=by,
        at=now,
        after={"partner": str(invitation.partner), "role": invitation.role},
    )
