"""Own prices kept, and made anew: a re-rating is the next version of a record, with its reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from roaming.intake.pricing import load_prices
from roaming.intake.ratings import NewRating, write_ratings
from roaming.intake.registries import Asked, load_registries
from roaming.intake.stored_records import asked_of
from roaming.models import SdrRating, SdrState
from roaming.queries_ratings import newest_ratings
from roaming.queries_tariffs import Tariffs, Version
from roaming.rules.facts import PriceFact
from roaming.rules.sdr_price import OwnPrice

_CHUNK = 1_000


class NoReason(ValueError):
    """A re-rating without a reason."""


@dataclass(slots=True)
class Rerated:
    """``changed``: records with a new version; ``same``: our price is what it was; ``unrated``:
    nothing prices them, and why.
    """

    changed: list[UUID] = field(default_factory=list)
    same: list[UUID] = field(default_factory=list)
    unrated: dict[UUID, str] = field(default_factory=dict)


def rerate(record_ids: Iterable[UUID], *, reason: str, now: datetime) -> Rerated:
    """Price stored records by what is known now; a price that changed is a new version.

    Nothing that was settled changes: a correction run takes the newest rating from here.

    :raises NoReason: nobody says why.
    """
    if not reason.strip():
        raise NoReason("Say why the records are rated again.")
    done = Rerated()
    ids = sorted(record_ids)
    for start in range(0, len(ids), _CHUNK):
        states = list(SdrState.objects.filter(id__in=ids[start : start + _CHUNK]).order_by("id"))
        with transaction.atomic():
            _rerate(states, done, reason=reason.strip(), now=now)
    return done


def keep(
    prices: Iterable[tuple[UUID, OwnPrice]], *, reason: str, now: datetime
) -> tuple[list[UUID], list[UUID]]:
    """Keep prices that differ from the newest kept ones; the ids of those, and of the others.

    A record's first rating needs no reason. Runs inside the caller's transaction.
    """
    wanted = dict(prices)
    newest = newest_ratings(wanted)
    new, same = [], []
    for record_id, own in wanted.items():
        last = newest.get(record_id)
        if last is None:
            new.append(NewRating(record_id, own))
        elif _is_the_same(last, own):
            same.append(record_id)
        else:
            new.append(NewRating(record_id, own, last.rating_version + 1, reason))
    with connection.cursor() as cursor:
        write_ratings(cursor, new, rated_at=now)
    return [one.record_id for one in new], same


def price_by(
    states: Sequence[SdrState], versions: Sequence[Version], *, environment: str
) -> list[list[tuple[Asked, OwnPrice | None]]]:
    """The records' prices by each of ``versions``, whatever counts for their buyer."""
    asked = asked_of(states)
    every = list(asked.values())
    registries = load_registries(every, environment=environment)
    prices = load_prices(every, environment=environment, tariffs=Tariffs())
    return [
        [(one, prices.of(one, registries, version=version)[0]) for one in every]
        for version in versions
    ]


def _rerate(states: list[SdrState], done: Rerated, *, reason: str, now: datetime) -> None:
    found: list[tuple[UUID, OwnPrice]] = []
    for record_id, (own, fact) in _own_prices(states).items():
        if own is not None:
            found.append((record_id, own))
        else:
            why = fact.unrated_reason if fact else "no tariff of its seller is known"
            done.unrated[record_id] = why
    changed, same = keep(found, reason=reason, now=now)
    done.changed += changed
    done.same += same


def _own_prices(
    states: list[SdrState],
) -> dict[UUID, tuple[OwnPrice | None, PriceFact | None]]:
    found: dict[UUID, tuple[OwnPrice | None, PriceFact | None]] = {}
    for environment in {state.environment for state in states}:
        asked = asked_of([state for state in states if state.environment == environment])
        every = list(asked.values())
        registries = load_registries(every, environment=environment)
        prices = load_prices(every, environment=environment)
        found |= {key: prices.of(one, registries) for key, one in asked.items()}
    return found


def _is_the_same(last: SdrRating, own: OwnPrice) -> bool:
    rated = own.rated
    return (last.tariff_version_id, last.total_excl_tax, last.total_incl_tax) == (
        own.version_id,
        rated.total_excl_tax,
        rated.total_incl_tax,
    )
