"""Objections to statements: raised by the partner in time, answered by staff, once.

Until each is answered, the settlement of their window is not issued: an answer that upholds one
by cancelling calculates anew, any other leaves the calculation as it is.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext

from billing.models import CorrectionRun, Document, ManualAdjustment, Objection
from billing.queries_objections import contested, counterparties_in, record_in
from billing.rules import objection as rules
from billing.rules.objection import ObjectionRefused
from billing.services import settling
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import User
from partners.queries import owned_parties
from partners.services import audit
from roaming.models import Delivery
from roaming.services import deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What is wrong; ``amount_minor`` is how much of it, in the statement's currency.

    It may name one counterparty by its code on the statement, and one record by its seller's id,
    which may also be missing from the statement.
    """

    text: str
    amount_minor: int | None = None
    counterparty: str = ""
    sdr_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """What mends an upheld objection: an adjustment, a correction run, or else cancelling."""

    adjustment: ManualAdjustment | None = None
    correction_run: CorrectionRun | None = None

    @property
    def remedy(self) -> rules.Remedy:
        if self.adjustment is not None:
            return "ADJUSTMENT"
        return "CORRECTION" if self.correction_run is not None else "CANCELLATION"


def raise_objection(document: Document, grounds: Grounds, *, by: str, now: datetime) -> Objection:
    """Object to the partner's own statement.

    The caller has made sure that the partner may see ``document``. A trigger locks the settlement,
    so that an objection and a release follow each other; who comes second looks again.

    :raises ObjectionRefused: too late, released, cancelled, or the grounds name nothing there.
    """
    rules.refuse_grounds(text=grounds.text, amount_minor=grounds.amount_minor)
    if grounds.counterparty and grounds.counterparty not in counterparties_in(document):
        raise ObjectionRefused(
            "COUNTERPARTY_NOT_IN_STATEMENT",
            gettext(
                "The statement lists no such counterparty; name it by its code there, or not at "
                "all."
            ),
        )
    return in_transaction(lambda: _raise(document.pk, grounds, by, now), also_retry=IntegrityError)


def _raise(document_id: UUID, grounds: Grounds, by: str, now: datetime) -> Objection:
    document = (
        Document.objects.select_related("settlement__window__group")
        .defer("content")
        .get(pk=document_id)
    )
    rules.refuse_raising(contested(document), at=now)
    return Objection.objects.create(
        id=uuid7_at(now),
        document=document,
        partner_id=document.partner_id,
        text=grounds.text.strip(),
        amount_minor=grounds.amount_minor,
        counterparty=grounds.counterparty,
        sdr_id=grounds.sdr_id,
        record_id=record_in(document, grounds.sdr_id) if grounds.sdr_id else None,
        raised_by=by[:150],
        raised_at=now,
    )


def uphold(
    objection_id: UUID, *, answer: str, mending: Mending, by: User, now: datetime
) -> Objection:
    """Say that the partner is right and what mends it; a calculation is cancelled with it.

    :raises ObjectionRefused: answered before, or this does not mend it.
    :raises billing.services.settling.NotReleasable: the settlement was issued meanwhile.
    """

    def upheld() -> Objection:
        objection = _open(objection_id)
        _refuse_mending(objection, mending)
        settlement = objection.document.settlement
        if mending.remedy == "CANCELLATION" and settlement and settlement.state == "CALCULATED":
            settling.cancel(settlement, reason=f"Objection upheld: {answer}", now=now)
        objection.remedy = mending.remedy
        objection.adjustment = mending.adjustment
        objection.correction_run = mending.correction_run
        return _answer(objection, Objection.State.UPHELD, answer, by, now)

    return _told(in_transaction(upheld), now=now)


def reject(objection_id: UUID, *, answer: str, by: User, now: datetime) -> Objection:
    """Say that the statement is right, and why.

    :raises ObjectionRefused: answered before.
    """

    def rejected() -> Objection:
        return _answer(_open(objection_id), Objection.State.REJECTED, answer, by, now)

    return _told(in_transaction(rejected), now=now)


def _open(objection_id: UUID) -> Objection:
    objection = Objection.objects.select_for_update(of=("self",)).get(pk=objection_id)
    if objection.state != Objection.State.OPEN:
        raise ObjectionRefused(
            "OBJECTION_ANSWERED", gettext("It is %(state)s already.") % {"state": objection.state}
        )
    return objection


def _refuse_mending(objection: Objection, mending: Mending) -> None:
    """Only what moves this partner's position, in the statement's group, mends it."""
    document = objection.document
    statement = contested(document)
    rules.refuse_remedy(
        mending.remedy,
        is_provisional=statement.is_provisional,
        settlement_state=statement.settlement_state,
    )
    group_id = document.settlement.window.group_id if document.settlement else None
    adjustment, run = mending.adjustment, mending.correction_run
    is_foreign = (
        adjustment is not None
        and (adjustment.partner_id, adjustment.window.group_id) != (objection.partner_id, group_id)
    ) or (run is not None and run.group_id != group_id)
    if is_foreign:
        raise ObjectionRefused(
            "REMEDY_OF_ANOTHER", gettext("That mends the position of somebody else.")
        )
    state = adjustment.state if adjustment else run.state if run else ""
    if state not in ("", "POSTED"):
        told = f"It is {state}; what mends an objection must be posted by its second person first."
        raise ObjectionRefused("REMEDY_NOT_DONE", told)


def _answer(
    objection: Objection, state: Objection.State, answer: str, by: User, now: datetime
) -> Objection:
    objection.state, objection.answer = state, answer[: rules.LONGEST_TEXT]
    objection.answered_by, objection.answered_at = by.get_username(), now
    objection.save()
    audit.record(
        f"objection.{state.lower()}",
        objection,
        actor=by.get_username(),
        at=now,
        reason=answer[:500],
        after={"remedy": objection.remedy},
    )
    deliveries.owe_news(
        Delivery.Kind.OBJECTION,
        dict.fromkeys(_parties(objection, now=now), objection.pk),
        now=now,
    )
    return objection


def _told(objection: Objection, *, now: datetime) -> Objection:
    """Number the news, after the commit that owes it."""
    deliveries.publish(_parties(objection, now=now))
    return objection


def _parties(objection: Objection, *, now: datetime) -> list[UUID]:
    owned = owned_parties([objection.partner_id], at=now)
    return owned.get((objection.partner_id, objection.document.environment), [])
