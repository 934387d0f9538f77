"""A new bank account in five steps: asked, called back, agreed by a second person, cooled, tested.

Whoever takes over a mailbox can ask for a new account; nobody who does can answer the telephone
that was on file before, wait three business days unseen, and read the penny on the old partner's
statement. All old contacts are told at once. Payouts wait meanwhile (``accounts_being_changed``).
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext, gettext_noop
from stdnum import bic as bic_numbers
from stdnum import iban as iban_numbers
from stdnum.exceptions import ValidationError

from clearinghouse.periods import DEFAULT_TIME_ZONE, add_business_days
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Approval, BankAccount, BankDetailChange, Partner, PartnerFacts, User
from partners.queries import in_period
from partners.queries_languages import language_of_company
from partners.services import approvals, audit

VERB = "bank_details.approve"
# Who may agree as the second person.
RIGHT = "partners.approve_bankdetailchange"
COOLING_BUSINESS_DAYS = 3
_TYPE = "BankDetailChange"
State = BankDetailChange.State
_ENDED = (State.EFFECTIVE, State.REFUSED, State.WITHDRAWN)

# What contacts are told of each step: subject and first sentence.
_TOLD = {
    "was asked for": (
        gettext_noop("Your bank account at the clearing house: a change was asked for"),
        gettext_noop(
            "A change of the %(currency)s account of %(partner)s to %(account)s was asked for on"
            " %(instant)s UTC."
        ),
    ),
    "was approved": (
        gettext_noop("Your bank account at the clearing house: a change was approved"),
        gettext_noop(
            "A change of the %(currency)s account of %(partner)s to %(account)s was approved on"
            " %(instant)s UTC."
        ),
    ),
    "has taken effect": (
        gettext_noop("Your bank account at the clearing house: a change has taken effect"),
        gettext_noop(
            "A change of the %(currency)s account of %(partner)s to %(account)s has taken effect"
            " on %(instant)s UTC."
        ),
    ),
}
_WARNING = gettext_noop(
    "If this was not you, call the clearing house at once under the number that you know. Until"
    " the change is finished or refused, nothing is paid out to you."
)

logger = logging.getLogger(__name__)


class NotChangeable(Exception):
    """The step is not the next one, or not this person's; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What the partner wants to be paid on."""

    partner: Partner
    currency: str
    holder: str
    iban: str
    bic: str = ""


def request(wanted: NewAccount, *, reason: str, by: User, now: datetime) -> BankDetailChange:
    """Ask for it; from now on the partner is not paid out, and its old contacts are told.

    :raises NotChangeable: an IBAN or BIC that does not check, the account it has, or another
        change that is not finished.
    """
    if by.partner_id not in (None, wanted.partner.pk):
        raise NotChangeable(gettext("Only the partner's own people and staff may ask for it."))
    iban, bic = _checked(wanted)
    # Partners' requests do not read accounts, not even their own: the person who calls sees it.
    known = wanted.partner.bank_accounts.filter(in_period(now), currency=wanted.currency)
    if by.partner_id is None and known.filter(iban=iban).exists():
        raise NotChangeable(gettext("This is the account that is on file already."))

    def asked() -> BankDetailChange:
        change = BankDetailChange.objects.create(
            id=uuid7_at(now),
            partner=wanted.partner,
            currency=wanted.currency,
            holder=wanted.holder,
            iban=iban,
            bic=bic,
            reason=reason[:500],
            requested_by=by.get_username(),
            requested_at=now,
        )
        _note("requested", change, by=by, reason=reason, now=now)
        transaction.on_commit(partial(_tell, change, "was asked for", now))
        return change

    try:
        return in_transaction(asked)
    except IntegrityError as error:
        raise NotChangeable(
            gettext(
                "A change of its bank details is open already. Finish, refuse or withdraw that "
                "first."
            )
        ) from error


def _checked(wanted: NewAccount) -> tuple[str, str]:
    try:
        iban = iban_numbers.validate(wanted.iban)
        bic = bic_numbers.validate(wanted.bic) if wanted.bic else ""
    except ValidationError as error:
        raise NotChangeable(
            gettext("IBAN or BIC is wrong: %(error)s Copy it from the bank.") % {"error": error}
        ) from error
    if not wanted.holder.strip():
        raise NotChangeable(gettext("Name the holder of the account, as the bank knows it."))
    return iban, bic


def contacts_on_file(change: BankDetailChange) -> list[str]:
    """Addresses that were on file before the request, sorted: of facts and of the partner's people.

    What was entered since does not count: an intruder may have entered it.
    """
    facts = PartnerFacts.objects.filter(
        in_period(change.requested_at), partner=change.partner
    ).values_list("email", "finance_email")
    people = User.objects.filter(
        partner=change.partner, date_joined__lt=change.requested_at, is_active=True
    ).values_list("email", flat=True)
    found = {address for pair in facts for address in pair} | set(people)
    return sorted(found - {""})


def call_back(
    change_id: UUID, *, contact: str, number: str, by: User, now: datetime
) -> BankDetailChange:
    """Note who confirmed it on the telephone, and ask a second person.

    :raises NotChangeable: not the next step, the contact was not on file before, or by the person
        who asked for the change.
    """

    def called() -> BankDetailChange:
        change = _locked(change_id, State.REQUESTED)
        _refuse_requester(change, by)
        if contact not in contacts_on_file(change):
            raise NotChangeable(gettext("Call somebody who was on file before the request."))
        if not number.strip():
            raise NotChangeable(
                gettext("Note the number you called: the one on file, not the one given.")
            )
        change.state, change.called_contact = State.CALLED_BACK, f"{contact}, {number}"[:200]
        change.called_by, change.called_at = by.get_username(), now
        change.save(update_fields=["state", "called_contact", "called_by", "called_at"])
        _note("called_back", change, by=by, reason=change.called_contact, now=now)
        ask(change, by=by, now=now)
        return change

    return in_transaction(called)


def ask(change: BankDetailChange, *, by: User, now: datetime) -> Approval:
    """Ask a second person; again, where the request expired.

    :raises NotChangeable: nobody was called yet, or it was decided.
    """
    if change.state != State.CALLED_BACK:
        raise NotChangeable(
            gettext("The change is %(state)s; there is nothing to approve.")
            % {"state": change.state}
        )
    return approvals.request(
        VERB,
        about=(_TYPE, str(change.pk)),
        content_sha256=content_sha256(change),
        reason=change.reason,
        maker=by,
        now=now,
    )


def content_sha256(change: BankDetailChange) -> str:
    """What both persons look at."""
    said = (change.pk, change.partner_id, change.currency, change.holder, change.iban, change.bic)
    text = "|".join(str(part) for part in (*said, change.called_contact))
    return hashlib.sha256(text.encode()).hexdigest()


def open_request(change: BankDetailChange, *, now: datetime) -> Approval | None:
    """The request that waits for a second person, if there is one."""
    return approvals.waiting(
        VERB, about=(_TYPE, str(change.pk)), content_sha256=content_sha256(change), now=now
    )


def approve(change_id: UUID, *, checker: User, now: datetime) -> BankDetailChange:
    """Agree as the second person; the cooling of three business days begins.

    :raises NotChangeable: not the next step, nobody asks for it, or by the person who asked first.
    :raises partners.services.approvals.NotDecidable: who called back cannot decide.
    """

    def approved() -> BankDetailChange:
        change = _locked(change_id, State.CALLED_BACK)
        _refuse_requester(change, checker)
        asked = open_request(change, now=now)
        if asked is None:
            raise NotChangeable(gettext("Nobody asks for it any more: ask a second person anew."))
        change.approval = approvals.approve(asked.pk, checker=checker, now=now, right=RIGHT)
        today = now.astimezone(ZoneInfo(DEFAULT_TIME_ZONE)).date()
        change.state, change.approved_at = State.APPROVED, now
        change.cooling_until_date = add_business_days(today, COOLING_BUSINESS_DAYS)
        change.save(update_fields=["state", "approval", "approved_at", "cooling_until_date"])
        _note("approved", change, by=checker, reason="", now=now)
        transaction.on_commit(partial(_tell, change, "was approved", now))
        return change

    return in_transaction(approved)


def note_penny(change_id: UUID, *, reference: str, by: User, now: datetime) -> BankDetailChange:
    """Note that the partner confirmed the cent by the reference it arrived under.

    :raises NotChangeable: not the next step, or no reference.
    """

    def tested() -> BankDetailChange:
        change = _locked(change_id, State.APPROVED)
        if not reference.strip():
            raise NotChangeable(gettext("Note the reference under which the cent arrived."))
        change.state, change.penny_reference = State.TESTED, reference.strip()[:35]
        change.tested_at = now
        change.save(update_fields=["state", "penny_reference", "tested_at"])
        _note("tested", change, by=by, reason=reference, now=now)
        return change

    return in_transaction(tested)


def make_effective(change_id: UUID, *, by: User, now: datetime) -> BankDetailChange:
    """End the old account and let the new one count from now on; payouts are free again.

    :raises NotChangeable: not the next step, or the cooling is not over.
    """

    def effective() -> BankDetailChange:
        change = _locked(change_id, State.TESTED)
        until = change.cooling_until_date
        if until is None or now.date() < until:
            raise NotChangeable(
                gettext("It cools until %(until)s; nothing takes effect before.") % {"until": until}
            )
        BankAccount.objects.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=now),
            partner=change.partner,
            currency=change.currency,
        ).update(ends_at=now)
        change.bank_account = BankAccount.objects.create(
            partner=change.partner,
            currency=change.currency,
            holder=change.holder,
            iban=change.iban,
            bic=change.bic,
            starts_at=now,
        )
        change.state, change.effective_at = State.EFFECTIVE, now
        change.save(update_fields=["state", "effective_at", "bank_account"])
        _note("effective", change, by=by, reason="", now=now)
        transaction.on_commit(partial(_tell, change, "has taken effect", now))
        return change

    return in_transaction(effective)


def end(change_id: UUID, *, reason: str, by: User, now: datetime) -> BankDetailChange:
    """Refuse it as staff, or withdraw it as the partner; the account on file stays.

    :raises NotChangeable: it has ended.
    """

    def ended() -> BankDetailChange:
        change = BankDetailChange.objects.select_for_update().get(pk=change_id)
        if change.state in _ENDED:
            raise NotChangeable(
                gettext("The change is %(state)s already.") % {"state": change.state}
            )
        change.state = State.WITHDRAWN if by.partner_id else State.REFUSED
        change.end_reason = reason[:500]
        change.save(update_fields=["state", "end_reason"])
        _note(change.state.lower(), change, by=by, reason=reason, now=now)
        return change

    return in_transaction(ended)


def _locked(change_id: UUID, wanted: str) -> BankDetailChange:
    change = BankDetailChange.objects.select_for_update().get(pk=change_id)
    if change.state != wanted:
        raise NotChangeable(
            gettext("The change is %(state)s; this is not its turn.")
            % {"state": change.get_state_display()}
        )
    return change


def _refuse_requester(change: BankDetailChange, by: User) -> None:
    if by.get_username() == change.requested_by:
        raise NotChangeable(gettext("Who asked for the change can neither confirm nor approve it."))


def _note(step: str, change: BankDetailChange, *, by: User, reason: str, now: datetime) -> None:
    audit.record(
        f"bank_change.{step}",
        change,
        actor=by.get_username(),
        at=now,
        reason=reason,
        after={"state": change.state, "account": change.masked_iban},
    )


def _letter(change: BankDetailChange, what: str, *, now: datetime, to: str) -> EmailMessage:
    """In the language of the company's letters."""
    values = {
        "currency": change.currency,
        "partner": change.partner,
        "account": change.masked_iban,
        "instant": f"{now:%Y-%m-%d %H:%M}",
    }
    subject, told = _TOLD[what]
    with translation.override(language_of_company(change.partner_id)):
        body = f"{gettext(told) % values}\n\n{gettext(_WARNING)}"
        return EmailMessage(subject=gettext(subject), body=body, to=[to])


def _tell(change: BankDetailChange, what: str, now: datetime) -> None:
    """A letter to each contact from before; one that the server refuses holds up no other."""
    told = failed = 0
    for address in contacts_on_file(change):
        letter = _letter(change, what, now=now, to=address)
        try:
            letter.send()
            told += 1
        except Exception:
            failed += 1
            logger.exception("partners.bank_change.mail_failed", extra={"change": str(change.pk)})
    audit.record(
        "bank_change.told",
        change,
        actor="system",
        at=now,
        reason=what,
        after={"told": told, "failed": failed},
    )
