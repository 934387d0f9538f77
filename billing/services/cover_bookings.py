"""Cover by two persons: one asks with the bank's reference and a reason, another posts it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from billing.models import CoverBooking, Transfer
from billing.services import cover, leaving
from billing.services.cover import NotEnoughCover
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Approval, Partner, User
from partners.services import approvals

VERB = "cover.post"
# Who may post or refuse; apart from the right to ask.
RIGHT = "billing.approve_coverbooking"


class NotBookable(Exception):
    """The reference is known, the account is not the partner's, or less is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What is booked: ``direction`` IN or OUT of ``account``, above zero, in minor units."""

    partner: Partner
    account: str
    direction: str
    amount_minor: int
    currency: str
    environment: str
    reference: str

    def held_minor(self) -> int:
        """What the account holds now."""
        return cover.balance_minor(
            self.partner, self.account, currency=self.currency, environment=self.environment
        )


def request(wanted: Cover, *, reason: str, maker: User, now: datetime) -> CoverBooking:
    """Ask a second person to post it. A request that expired gives its reference free.

    :raises NotBookable: the reference is known, the account is somebody else's, or less is held.
    """
    try:
        return in_transaction(lambda: _request(wanted, reason, maker, now))
    except IntegrityError as error:
        raise NotBookable(f"{wanted.reference} is asked for or booked already.") from error


def _request(wanted: Cover, reason: str, maker: User, now: datetime) -> CoverBooking:
    under = CoverBooking.objects.filter(
        reference=wanted.reference, state=CoverBooking.State.REQUESTED
    )
    waiting = {"approval__state": Approval.State.REQUESTED, "approval__expires_at__gt": now}
    under.exclude(**waiting).update(state=CoverBooking.State.REFUSED)
    _refuse(wanted, now=now)
    booking_id = uuid7_at(now)
    said = "|".join(
        str(part)
        for part in (
            booking_id,
            wanted.partner.pk,
            wanted.account,
            wanted.direction,
            wanted.amount_minor,
            wanted.currency,
            wanted.environment,
            wanted.reference,
            reason,
        )
    )
    approval = approvals.request(
        VERB,
        about=("CoverBooking", str(booking_id)),
        content_sha256=hashlib.sha256(said.encode()).hexdigest(),
        reason=reason,
        maker=maker,
        now=now,
    )
    return CoverBooking.objects.create(
        id=booking_id,
        partner=wanted.partner,
        environment=wanted.environment,
        currency=wanted.currency,
        account=wanted.account,
        direction=wanted.direction,
        amount_minor=wanted.amount_minor,
        reference=wanted.reference,
        reason=reason[:500],
        approval=approval,
        requested_at=now,
    )


def _refuse(wanted: Cover, *, now: datetime) -> None:
    is_of_house = wanted.account == cover.DEFAULT_FUND
    if is_of_house != wanted.partner.is_clearing_house:
        raise NotBookable(
            "The default fund is the clearing house's, prefund and deposit are its partners'."
        )
    if Transfer.objects.filter(event_key=f"cover:{wanted.reference}").exists():
        raise NotBookable(f"{wanted.reference} is booked already.")
    if why_not := _why_not_out(wanted.partner, wanted.account, wanted.direction, now=now):
        raise NotBookable(why_not)
    held = wanted.held_minor()
    if wanted.direction == CoverBooking.Direction.OUT and wanted.amount_minor > held:
        raise NotBookable(f"{held} minor units are held, {wanted.amount_minor} were asked for.")


def _why_not_out(partner: Partner, account: str, direction: str, *, now: datetime) -> str:
    """The cover of a partner that leaves stays until nobody can claim anything from it."""
    if direction != CoverBooking.Direction.OUT or account == cover.DEFAULT_FUND:
        return ""
    return leaving.why_not_released(partner, now=now)


def decide(booking_id: UUID, *, approve: bool, checker: User, now: datetime) -> CoverBooking:
    """Post or refuse; posting moves the balance at once, both or neither.

    :raises NotBookable: decided before, the reference was booked meanwhile, or less is held.
    :raises partners.services.approvals.NotDecidable: the maker cannot decide, or it expired.
    """
    try:
        return in_transaction(lambda: _decide(booking_id, approve, checker, now))
    except NotEnoughCover as error:
        raise NotBookable(str(error)) from error
    except IntegrityError as error:
        raise NotBookable("Its reference was booked meanwhile.") from error


def _decide(booking_id: UUID, approve: bool, checker: User, now: datetime) -> CoverBooking:
    booking = CoverBooking.objects.select_for_update().get(pk=booking_id)
    if booking.state != CoverBooking.State.REQUESTED:
        raise NotBookable(f"The booking is {booking.state}.")
    if not approve:
        approvals.refuse(booking.approval_id, checker=checker, now=now, right=RIGHT)
        booking.state = CoverBooking.State.REFUSED
    else:
        approvals.approve(booking.approval_id, checker=checker, now=now, right=RIGHT)
        if why_not := _why_not_out(booking.partner, booking.account, booking.direction, now=now):
            raise NotBookable(why_not)
        book = cover.pay_in if booking.direction == CoverBooking.Direction.IN else cover.pay_back
        book(
            booking.partner,
            booking.account,
            booking.amount_minor,
            currency=booking.currency,
            environment=booking.environment,
            reference=booking.reference,
            now=now,
        )
        booking.state, booking.posted_at = CoverBooking.State.POSTED, now
    booking.save(update_fields=["state", "posted_at"])
    return booking
