"""An offer is answered: accepted, declined, answered by another one, withdrawn; or it runs out.

Who accepts has the version made and signed at once, by the same service as one of staff is.
"""

from dataclasses import fields
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from clearinghouse.retry import in_transaction
from partners.models import AgreementOffer, Partner, Party, RoamingAgreement, SettlementGroup, User
from partners.queries import current_owner
from partners.queries_offers import Sides, groups_of, newest_version, paying_version
from partners.rules import offers as rules
from partners.rules.offers import Terms
from partners.services import agreements, audit
from partners.services.offers import (
    OfferRefused,
    Wanted,
    end,
    made,
    may_agree,
    owns,
    partner_of,
)

State = AgreementOffer.State


def accept(offer_id: UUID, *, by: User, now: datetime) -> AgreementOffer:
    """Agree: the version is signed at once and holds from the day that was offered.

    :raises OfferRefused: not the taker's turn, or what it would follow has changed meanwhile
    """

    def accepted() -> AgreementOffer:
        offer, partner = _locked(offer_id, "accept", by=by, now=now)
        if not groups_of(partner, environment=offer.environment, now=now).filter(pk=offer.group_id):
            raise OfferRefused(
                gettext(
                    "Your contract does not join the settlement group %(group)s. Ask the clearing"
                    " house to add it, or make a counter-offer with another group."
                )
                % {"group": offer.group.name}
            )
        owner = current_owner(offer.maker, at=now)
        if owner is None or not may_agree(owner, offer.environment, now=now):
            raise OfferRefused(
                gettext("The other side can no longer agree to anything here. Decline the offer.")
            )
        offer.agreement = _drafted(offer, by=by, now=now)
        _decide(offer, State.ACCEPTED, by=by, now=now)
        try:
            agreements.put_in_force(
                offer.agreement.pk,
                actor=by.get_username(),
                reason=f"offered by {offer.made_by} of {owner}, accepted",
                now=now,
            )
        except (agreements.AgreementsOverlap, agreements.TermsCannotHold) as error:
            raise OfferRefused(
                gettext("It cannot be put in force as it is: %(why)s Make a counter-offer.")
                % {"why": error}
            ) from error
        return offer

    return in_transaction(accepted)


def _drafted(offer: AgreementOffer, *, by: User, now: datetime) -> RoamingAgreement:
    """The version as a draft: what both agreed, the rest as in the one before or as usual."""
    assert offer.taker is not None  # noqa: S101 for mypy
    seller, buyer = (offer.maker, offer.taker)[:: 1 if offer.maker_sells else -1]
    base = newest_version(Sides(seller.pk, buyer.pk, offer.service_class, offer.currency))
    if (base and base.pk) != offer.base_id:
        raise OfferRefused(
            gettext(
                "Your agreement has another version since this was offered. Make a counter-offer."
            )
        )
    number = base.number if base else _new_number(seller, buyer)
    versions = RoamingAgreement.objects.filter(number=number)
    said = {
        **(_terms_before(base) if base else {}),
        **{one.name: getattr(offer, one.name) for one in fields(Terms) if one.name != "reduction"},
        "number": number,
        "version": 1 + max(versions.values_list("version", flat=True), default=0),
        "environment": offer.environment,
        "seller": seller,
        "buyer": buyer,
        "group": offer.group,
        "currency": offer.currency,
        "in_force_at": None,
    }
    paying = paying_version(seller.pk, buyer.pk)
    if paying is None:
        said["commission_rate"] = offer.reduction
        said["commission_beneficiary"] = RoamingAgreement.Beneficiary.BUYER
    else:
        said["commission_rate"] = paying.commission_rate
        said["commission_beneficiary"] = paying.commission_beneficiary
    draft = RoamingAgreement.objects.create(**said)
    audit.record(
        "agreement.drafted", draft, actor=by.get_username(), at=now, after={"offer": str(offer.pk)}
    )
    return draft


def _terms_before(base: RoamingAgreement) -> dict[str, object]:
    columns = RoamingAgreement._meta.concrete_fields
    return {one.name: getattr(base, one.name) for one in columns if one.name != "id"}


def _new_number(seller: Party, buyer: Party) -> str:
    start = f"{seller.code} {seller.role} - {buyer.code} {buyer.role} "
    taken = set(
        RoamingAgreement.objects.filter(number__startswith=start).values_list("number", flat=True)
    )
    return next(number for n in range(1, 10_000) if (number := f"{start}{n}") not in taken)


def decline(offer_id: UUID, *, reason: str, by: User, now: datetime) -> AgreementOffer:
    """Say no, with a reason that the other side reads.

    :raises OfferRefused: not the taker's turn, or no reason
    """
    if not reason.strip():
        raise OfferRefused(gettext("Say why: the other side reads it."))
    return _done(offer_id, "decline", reason=reason.strip()[:500], by=by, now=now)


def withdraw(offer_id: UUID, *, by: User, now: datetime) -> AgreementOffer:
    """Take one's own offer back while nobody has answered it.

    :raises OfferRefused: not the maker's, or answered
    """
    return _done(offer_id, "withdraw", reason="", by=by, now=now)


def _done(offer_id: UUID, verb: str, *, reason: str, by: User, now: datetime) -> AgreementOffer:
    def ended() -> AgreementOffer:
        offer, _ = _locked(offer_id, verb, by=by, now=now)
        offer.reason = reason
        _decide(offer, State(rules.VERBS[verb].to), by=by, now=now)
        return offer

    return in_transaction(ended)


def counter(
    offer_id: UUID, *, group: SettlementGroup, terms: Terms, note: str, by: User, now: datetime
) -> AgreementOffer:
    """Answer by other terms: the offer ends, and the sides change places.

    :raises OfferRefused: not the taker's turn, or terms that cannot hold
    """

    def countered() -> AgreementOffer:
        offer, _ = _locked(offer_id, "counter", by=by, now=now)
        if offer.taker is None or terms.service_class != offer.service_class:
            raise OfferRefused(gettext("A counter-offer is about the same service."))
        wanted = Wanted(
            maker=offer.taker,
            taker_code=offer.maker.code,
            taker_role=offer.maker.role,
            maker_sells=not offer.maker_sells,
            group=group,
            terms=terms,
            note=note,
        )
        offer.counter = made(wanted, by=by, now=now, answers=offer)
        _decide(offer, State.COUNTERED, by=by, now=now)
        return offer.counter

    try:
        return in_transaction(countered)
    except IntegrityError as error:
        if "offer_is_open_once" not in str(error):
            raise
        raise OfferRefused(
            gettext("Your own offer to them about the same waits for an answer. Withdraw it first.")
        ) from error


def expire(*, now: datetime) -> int:
    """End what nobody answered in time; how many. One that is answered just now is left."""
    done = 0
    late = AgreementOffer.objects.filter(state=State.OFFERED, expires_at__lte=now)
    for offer_id in late.order_by("pk").values_list("pk", flat=True)[:1_000]:
        with transaction.atomic():
            locked = late.select_for_update(skip_locked=True, of=("self",))
            offer = locked.filter(pk=offer_id).first()
            if offer is not None:
                end(offer, State.EXPIRED, actor="system", now=now)
                done += 1
    return done


def _locked(
    offer_id: UUID, verb: str, *, by: User, now: datetime
) -> tuple[AgreementOffer, Partner]:
    """The offer, if the verb is this person's and its turn."""
    offer = AgreementOffer.objects.select_for_update(of=("self",)).get(pk=offer_id)
    partner, side = partner_of(by), rules.VERBS[verb].side
    party = offer.maker if side == rules.MAKER else offer.taker
    if party is None or not owns(partner, party, now=now):
        raise OfferRefused(gettext("This is the other side's to do."))
    state = rules.standing(offer.state, expires_at=offer.expires_at, now=now)
    if verb not in rules.verbs_of(side, state):
        raise OfferRefused(
            gettext("The offer is over: it was answered, withdrawn or ran out. Make a new one.")
        )
    if verb == "accept" and not may_agree(partner, offer.environment, now=now):
        raise OfferRefused(
            gettext(
                "Your company cannot agree to anything new as it stands. Ask the clearing house."
            )
        )
    return offer, partner


def _decide(offer: AgreementOffer, state: str, *, by: User, now: datetime) -> None:
    end(offer, state, actor=by.get_username(), now=now)
