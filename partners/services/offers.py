"""One partner offers an agreement to another, who answers (``offer_answers``).

Nothing is in force until both have said yes. Who is offered to is named by a code: whether anybody
has it is told to nobody, as no directory tells whom one has no agreement with.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import IntegrityError
from django.utils.translation import gettext

from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import (
    AgreementOffer,
    Partner,
    Party,
    PartyOwnership,
    RoamingAgreement,
    SettlementGroup,
    User,
)
from partners.queries import current_standing, in_period
from partners.queries_offers import Sides, groups_of, newest_version, party_named, paying_version
from partners.rules import offers as rules
from partners.rules.modes import wrong_sides
from partners.rules.offers import Terms
from partners.services import audit

State = AgreementOffer.State
_AGREES = ("ONBOARDING", "ACTIVE")


class OfferRefused(Exception):
    """Nothing was changed; the text says why and what to do.

    ``wrong``: keys of ``rules.offers.wrong_terms`` by field, where terms are the reason.
    """

    def __init__(self, text: str = "", wrong: dict[str, str] | None = None):
        super().__init__(text)
        self.wrong = wrong or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is offered, by which own party and to whom."""

    maker: Party
    taker_code: str
    taker_role: str
    maker_sells: bool
    group: SettlementGroup
    terms: Terms
    note: str = ""


def make(wanted: Wanted, *, by: User, now: datetime) -> AgreementOffer:
    """Offer it; it waits for 30 days, or until it was to start.

    :raises OfferRefused: not one's own party, terms that cannot hold, or open already
    """
    try:
        return in_transaction(lambda: made(wanted, by=by, now=now))
    except IntegrityError as error:
        if "offer_is_open_once" not in str(error):
            raise
        raise OfferRefused(
            gettext(
                "Your offer to this party about the same waits for an answer. Withdraw it first."
            )
        ) from error


def made(
    wanted: Wanted, *, by: User, now: datetime, answers: AgreementOffer | None = None
) -> AgreementOffer:
    partner = partner_of(by)
    if not owns(partner, wanted.maker, now=now):
        raise OfferRefused(gettext("Choose one of your own parties."))
    environment = wanted.maker.environment
    if not may_agree(partner, environment, now=now):
        raise OfferRefused(
            gettext(
                "Your company cannot agree to anything new as it stands. Ask the clearing house."
            )
        )
    taker = party_named(wanted.taker_code, role=wanted.taker_role, environment=environment, now=now)
    if taker is not None and owns(partner, taker, now=now):
        raise OfferRefused(gettext("Both parties are yours: name one of another company."))
    sides = _sides(wanted, taker)
    base = newest_version(sides) if sides else None
    paying = paying_version(sides.seller_id, sides.buyer_id) if sides else None
    _refuse_wrong(wanted, base, pays_house=paying is not None, now=now)
    if not groups_of(partner, environment=environment, now=now).filter(pk=wanted.group.pk):
        raise OfferRefused(gettext("Choose a settlement group that your contract joins."))
    _refuse_crossing(wanted, taker, answers=answers, now=now)
    offer = AgreementOffer.objects.create(
        id=uuid7_at(now),
        environment=environment,
        maker=wanted.maker,
        taker=taker,
        taker_code=wanted.taker_code,
        taker_role=wanted.taker_role,
        maker_sells=wanted.maker_sells,
        base=base,
        group=wanted.group,
        currency=wanted.group.currency,
        note=wanted.note[:500],
        made_by=by.get_username(),
        made_at=now,
        expires_at=rules.runs_out_at(now, wanted.terms.starts_at),
        **asdict(wanted.terms),
    )
    _note("made", offer, actor=by.get_username(), now=now)
    return offer


def _sides(wanted: Wanted, taker: Party | None) -> Sides | None:
    if taker is None:
        return None
    seller, buyer = (wanted.maker, taker)[:: 1 if wanted.maker_sells else -1]
    return Sides(seller.pk, buyer.pk, wanted.terms.service_class, wanted.group.currency)


def _refuse_wrong(
    wanted: Wanted, base: RoamingAgreement | None, *, pays_house: bool, now: datetime
) -> None:
    wrong = rules.wrong_terms(
        wanted.terms,
        now=now,
        begun_at=base.starts_at if base else None,
        ended_at=base.ends_at if base else None,
        house_keeps_commission=pays_house,
    )
    roles = [wanted.maker.role, wanted.taker_role]
    seller, buyer = roles if wanted.maker_sells else roles[::-1]
    if wrong_sides(wanted.terms.mode, seller_role=seller, buyer_role=buyer):
        wrong["mode"] = "wrong_sides"
    if wrong:
        raise OfferRefused(wrong=wrong)


def _refuse_crossing(
    wanted: Wanted, taker: Party | None, *, answers: AgreementOffer | None, now: datetime
) -> None:
    """Too many open ones, or one of the other side that waits; what ran out makes room."""
    mine = AgreementOffer.objects.filter(maker=wanted.maker, state=State.OFFERED)
    for late in mine.filter(expires_at__lte=now).select_for_update(of=("self",)):
        end(late, State.EXPIRED, actor="system", now=now)
    if mine.count() >= rules.MOST_OPEN:
        raise OfferRefused(
            gettext("Too many of your offers wait for an answer. Withdraw some of them first.")
        )
    if taker is None:
        return
    theirs = AgreementOffer.objects.filter(
        maker=taker,
        taker=wanted.maker,
        maker_sells=not wanted.maker_sells,
        service_class=wanted.terms.service_class,
        currency=wanted.group.currency,
        state=State.OFFERED,
        expires_at__gt=now,
    )
    if theirs.exclude(pk__in=[answers.pk] if answers else []).exists():
        raise OfferRefused(
            gettext("They made you an offer about the same: answer it, or make a counter-offer.")
        )


def end(offer: AgreementOffer, state: str, *, actor: str, now: datetime) -> None:
    offer.state, offer.decided_by, offer.decided_at = state, actor, now
    offer.save(
        update_fields=["state", "decided_by", "decided_at", "reason", "agreement", "counter"]
    )
    _note(state.lower(), offer, actor=actor, now=now)


def _note(step: str, offer: AgreementOffer, *, actor: str, now: datetime) -> None:
    audit.record(
        f"agreement_offer.{step}",
        offer,
        actor=actor,
        at=now,
        reason=offer.reason,
        after={
            "maker": str(offer.maker),
            "taker": f"{offer.taker_code} {offer.taker_role}",
            "starts_at": offer.starts_at.isoformat(),
        },
    )


def partner_of(by: User) -> Partner:
    if by.partner is None:
        raise OfferRefused(gettext("Only partners' own people agree for them."))
    return by.partner


def owns(partner: Partner, party: Party, *, now: datetime) -> bool:
    return PartyOwnership.objects.filter(in_period(now), partner=partner, party=party).exists()


def may_agree(partner: Partner, environment: str, *, now: datetime) -> bool:
    return current_standing(partner, now=now, environment=environment) in _AGREES
