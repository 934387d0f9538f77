"""Add to a chunk's facts what registries, signed data and the sender's day say: a few queries."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from statistics import mean, pstdev
from typing import NamedTuple

from django.db.models import Sum

from roaming.intake.facts import Sides, World
from roaming.intake.neighbours import Neighbourhood, load_neighbourhood, session_of
from roaming.intake.normal import pseudonym_for
from roaming.intake.pricing import Prices, load_prices, with_prices
from roaming.intake.registries import Asked, Registries, load_registries
from roaming.intake.signed_facts import SignedData, load_signed_data
from roaming.intake.structure import Submission
from roaming.messages import InboundSdr
from roaming.models import IntakeTally
from roaming.rules.facts import SenderDay
from roaming.rules.findings import Facts
from roaming.rules.neighbours import Session
from roaming.rules.pseudonym import Pseudonym

Prepared = tuple[Submission, Sides, str]
USUAL_DAYS = 28
NOBODY = Pseudonym("", "")


class Surroundings(NamedTuple):
    """What a record meets when its turn comes: the chunk's earlier ones are in there by then."""

    sessions: dict[int, Session]
    neighbourhood: Neighbourhood
    signed: SignedData

    def add_to(self, facts: Facts, sdr: InboundSdr, sides: Sides) -> Facts:
        session = self.sessions.get(id(sdr))
        if session is not None:
            facts = replace(facts, neighbours=self.neighbourhood.around(session))
        if sides.signed:
            fact = self.signed.fact_of(
                sdr,
                meter_key=facts.meter_key,
                seller_id=sides.seller.id if sides.seller else None,
                sender_id=sides.sender_id,
            )
            facts = replace(facts, signed=fact)
        return facts

    def remember(self, sdr: InboundSdr, sides: Sides) -> None:
        """A record that lives is a neighbour of those after it."""
        session = self.sessions.get(id(sdr))
        if session is not None:
            self.neighbourhood.add(session)
        if sides.signed:
            self.signed.use(
                sdr,
                seller_id=sides.seller.id if sides.seller else None,
                sender_id=sides.sender_id,
            )


def enrich(prepared: Sequence[Prepared], world: World) -> tuple[list[Prepared], Surroundings]:
    """The same records with more facts, and the surroundings in which they are judged."""
    asked, sessions = what_to_ask(prepared, world)
    neighbourhood = load_neighbourhood(
        list(sessions.values()),
        contracts=[
            sessions[key]
            for submission, _, _ in prepared
            if submission.sdr.contract_id and (key := id(submission.sdr)) in sessions
        ],
        environment=world.environment,
    )
    registries = load_registries(
        list(asked.values()),
        environment=world.environment,
        near=list(neighbourhood.known.values()),
    )
    neighbourhood.places = registries.places()
    neighbourhood.drifts = registries.drifts((*neighbourhood.known.values(), *sessions.values()))
    day = _sender_day(world)
    richer = [
        (
            submission,
            with_registries(submission, sides, asked.get(id(submission.sdr)), registries, day),
            sha,
        )
        for submission, sides, sha in prepared
    ]
    prices = load_prices(list(asked.values()), environment=world.environment)
    richer = priced(richer, asked, prices, registries)
    signed = load_signed_data(
        ((submission.sdr, sides.facts.meter_key) for submission, sides, _ in richer),
        environment=world.environment,
    )
    return with_readings(richer, signed), Surroundings(sessions, neighbourhood, signed)


def what_to_ask(
    prepared: Sequence[Prepared], world: World
) -> tuple[dict[int, Asked], dict[int, Session]]:
    """By the record itself: whom to ask the registries about, and who has neighbours."""
    asked, sessions = {}, {}
    for submission, sides, _ in prepared:
        sdr, seller, buyer = submission.sdr, sides.seller, sides.buyer
        if not submission.is_record or seller is None:
            continue
        known_as = pseudonym_for(sdr, buyer.id if buyer else None) or NOBODY
        session = session_of(
            sdr, seller_id=seller.id, sender_id=world.sender.pk, pseudonym=known_as.shown
        )
        if session is not None:
            sessions[id(sdr)] = session
        if buyer and sides.terms and sdr.started_at is not None:
            asked[id(sdr)] = Asked(sdr, sdr.started_at, seller.id, buyer.id, sides.terms, *known_as)
    return asked, sessions


def with_registries(
    submission: Submission,
    sides: Sides,
    asked: Asked | None,
    registries: Registries,
    day: SenderDay,
) -> Sides:
    facts = replace(
        sides.facts,
        sender_day=day,
        local_times=submission.local_times,
        energy_decimals=submission.energy_decimals,
    )
    if asked is None:
        return replace(sides, facts=facts)
    facts = replace(
        facts,
        evse=registries.evse(asked),
        meter_key=registries.meter_key(asked),
        credential=registries.credential(asked),
        authorization=registries.authorization(asked),
    )
    return replace(sides, facts=facts)


def priced(
    prepared: Sequence[Prepared], asked: dict[int, Asked], prices: Prices, registries: Registries
) -> list[Prepared]:
    """With our own price of each record that a tariff or the agreement asks one for."""
    return [
        (submission, with_prices(sides, asked.get(id(submission.sdr)), prices, registries), sha256)
        for submission, sides, sha256 in prepared
    ]


def with_readings(prepared: Sequence[Prepared], signed: SignedData) -> list[Prepared]:
    if not signed.readings:
        return list(prepared)
    return [
        (submission, replace(sides, signed=signed.readings.get(id(submission.sdr), ())), sha256)
        for submission, sides, sha256 in prepared
    ]


def _sender_day(world: World) -> SenderDay:
    """Today's figures so far and the mean of the days before, from the door's own count."""
    today = world.received_at.date()
    days = (
        IntakeTally.objects.filter(
            sender=world.sender,
            environment=world.environment,
            day__gte=today - timedelta(days=USUAL_DAYS),
            day__lte=today,
        )
        .values("day")
        .annotate(all_received=Sum("received"), all_rejected=Sum("new_rejected"))
    )
    by_day = {row["day"]: (row["all_received"], row["all_rejected"]) for row in days}
    received, rejected = by_day.pop(today, (0, 0))
    return sender_day(received, rejected, usual=[count for count, _ in by_day.values()])


def sender_day(received: int, rejected: int, *, usual: Sequence[int]) -> SenderDay:
    """The figures of a day so far beside those of the days before."""
    return SenderDay(
        received=received,
        rejected=rejected,
        usual=Decimal(round(mean(usual))) if usual else None,
        deviation=Decimal(round(pstdev(usual))) if usual else None,
    )
