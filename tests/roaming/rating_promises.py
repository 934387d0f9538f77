"""What rating promises of every tariff and session; Hypothesis looks for one that breaks it.

Plain functions under ``given``, so that the committed mutants can run the very same promises.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from clearinghouse.money import from_minor_units
from roaming.rules.rating import price as price_module
from roaming.rules.rating import quantities as quantities_module
from roaming.rules.rating.compiled import Compiled
from roaming.rules.rating.extras import NO_EXTRAS, Extras, IdleFee, SessionMinimum
from roaming.rules.rating.figures import MICRO
from roaming.rules.rating.price import Priced
from roaming.rules.rating.tariff import (
    NO_RESTRICTIONS,
    Component,
    Element,
    Kind,
    PriceLimit,
    Restrictions,
    Tariff,
)
from roaming.rules.rating.trace import replay, trace
from roaming.rules.rating.usage import Stretch, Usage, microseconds

quick = settings(
    max_examples=40,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)

ZONE = ZoneInfo("Europe/Amsterdam")
MINUTE_US = 60 * MICRO
# 0.0036 kWh a minute is 60 millionths a second: any cut at a second is exact.
ENERGY_PER_MINUTE = 3600
# A minute is not a whole millionth of an hour, three are: 50,000.
TIME_PER_THREE_MINUTES = 50_000

prices = st.integers(0, 900_000)
vats = st.sampled_from([None, 0, 55_000, 210_000])
steps = st.sampled_from([1, 7, 60, 900])
# Around both changes of the clock in 2026, and an ordinary week.
starts = st.sampled_from(
    [datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)]
) | st.integers(0, 6 * 480).map(
    lambda third: datetime(2026, 6, 1, tzinfo=UTC) + timedelta(minutes=3 * third)
)


def components(kind: Kind, step=steps) -> st.SearchStrategy[Component]:
    return st.builds(
        Component, kind=st.just(kind), price_micro=prices, vat_micro=vats, step_size=step
    )


def _seldom(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(st.none(), st.none(), st.none(), strategy)


@st.composite
def calendar_restrictions(draw) -> Restrictions:
    clock = st.integers(0, 23).map(lambda hour: hour * 60) | st.integers(0, 479).map(
        lambda third: third * 3
    )
    starts_minute, ends_minute = draw(st.tuples(clock, clock).filter(lambda two: two[0] != two[1]))
    has_clock = draw(st.sampled_from([True, True, True, False]))
    return Restrictions(
        start_minute=starts_minute if has_clock else None,
        end_minute=(ends_minute or 24 * 60) if has_clock else None,
        days=draw(_seldom(st.frozensets(st.integers(0, 6), min_size=1, max_size=6))),
        start_date=draw(_seldom(st.just(date(2026, 6, 3)))),
        end_date=draw(_seldom(st.just(date(2026, 6, 5)))),
    )


@st.composite
def session_restrictions(draw) -> Restrictions:
    """Marks on whole minutes of a session that charges evenly."""
    least = draw(st.none() | st.integers(0, 60))
    most = draw(st.none() | st.integers(61, 200))
    kind = draw(st.sampled_from(["energy_micro", "duration_s"]))
    unit = {"energy_micro": 3 * ENERGY_PER_MINUTE, "duration_s": 180}[kind]
    told = {f"min_{kind}": least, f"max_{kind}": most}
    return Restrictions(
        **{name: None if value is None else value * unit for name, value in told.items()}
    )


def restrictions() -> st.SearchStrategy[Restrictions]:
    return st.just(NO_RESTRICTIONS) | calendar_restrictions() | session_restrictions()


@st.composite
def tariffs(draw, kinds=tuple(Kind), told=None, step=steps) -> Tariff:
    elements = []
    for _ in range(draw(st.integers(1, 4))):
        chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3, unique=True))
        asked = draw(restrictions() if told is None else told)
        elements.append(Element(tuple(draw(components(kind, step)) for kind in chosen), asked))
    return Tariff(tariff_id="T", currency="EUR", elements=tuple(elements))


@st.composite
def even_usages(draw) -> Usage:
    """Periods of three minutes and more, evenly charged; at times parked at the end."""
    at = microseconds(draw(starts))
    stretches = []
    for thirds in draw(st.lists(st.integers(1, 160), min_size=1, max_size=4)):
        until = at + thirds * 3 * MINUTE_US
        kwh, hours = thirds * 3 * ENERGY_PER_MINUTE, thirds * TIME_PER_THREE_MINUTES
        stretches.append(Stretch(at, until, kwh, hours))
        at = until
    if draw(st.booleans()):
        thirds = draw(st.integers(1, 160))
        until = at + thirds * 3 * MINUTE_US
        stretches.append(Stretch(at, until, 0, 0, thirds * TIME_PER_THREE_MINUTES))
    return Usage(stretches=tuple(stretches))


@st.composite
def any_usages(draw) -> Usage:
    at = microseconds(draw(starts))
    stretches = []
    quantity = st.just(0) | st.integers(0, 50_000_000)
    reserved = quantity if draw(st.sampled_from([False, False, True])) else st.just(0)
    for length in draw(st.lists(st.integers(0, 20_000), min_size=1, max_size=4)):
        until = at + length * MICRO
        stretches.append(
            Stretch(at, until, draw(quantity), draw(quantity), draw(quantity), draw(reserved))
        )
        at = until
    return Usage(stretches=tuple(stretches))


limits = st.none() | st.builds(PriceLimit, st.integers(0, MICRO), st.integers(0, MICRO))
extras = st.just(NO_EXTRAS) | st.builds(
    Extras,
    idle_fee=st.none()
    | st.builds(
        IdleFee,
        grace_min=st.integers(0, 240),
        per_minute_micro=st.integers(0, 300_000),
        most_micro=st.none() | st.integers(0, 12 * MICRO),
        exempt_from_minute=st.none() | st.just(22 * 60),
        exempt_until_minute=st.just(7 * 60),
        vat_micro=vats,
    ),
    session_minimum=st.none()
    | st.builds(
        SessionMinimum, energy_micro=st.integers(0, 200_000), duration_s=st.integers(0, 600)
    ),
    discount_micro=st.integers(0, 300_000),
)


def price(usage: Usage, tariff: Tariff, several: Extras = NO_EXTRAS) -> Priced:
    # Through the module, so that a mutant put there is what runs.
    return price_module.price(usage, Compiled(tariff, ZONE), several)


def amounts(priced: Priced) -> dict[tuple[int | None, Kind], int]:
    return {
        (rate.element, rate.kind): quantity for rate, quantity in priced.used.items() if quantity
    }


def two(minor: int) -> Decimal:
    return from_minor_units(minor, currency="EUR")


@quick
@given(any_usages(), tariffs(), limits, extras)
def the_trace_adds_up_to_the_price(usage, tariff, least, several):
    limited = Tariff(
        tariff_id="T", currency="EUR", elements=tariff.elements, min_price=least, max_price=None
    )
    found = price(usage, limited, several)

    lines = trace(found)
    assert replay(lines) == (two(found.excl_minor), two(found.incl_minor))
    # One rounding, half-up, of the sum of what is before it: of all that was used, and of no more.
    before = replay(lines[:-1])
    used = [*found.used.items(), *found.surplus]
    excl = sum(quantity * rate.price for rate, quantity in used) * 10**12
    assert before[0].scaleb(24) == excl + sum(one.excl for one in found.adjustments)
    for exact, minor in zip(before, (found.excl_minor, found.incl_minor), strict=True):
        assert exact.quantize(Decimal("0.01"), ROUND_HALF_UP) == two(minor)


# Nine minutes charged, nine parked: time in quarters of an hour must not be rounded up then.
PARKED_LAST = Usage(
    stretches=(
        Stretch(0, 9 * MINUTE_US, 9 * ENERGY_PER_MINUTE, 3 * TIME_PER_THREE_MINUTES),
        Stretch(9 * MINUTE_US, 18 * MINUTE_US, 0, 0, 3 * TIME_PER_THREE_MINUTES),
    )
)
TIME_IN_QUARTERS = Tariff(
    tariff_id="T",
    currency="EUR",
    elements=(
        Element(
            (
                Component(kind=Kind.TIME, price_micro=MICRO, step_size=900),
                Component(kind=Kind.PARKING_TIME, price_micro=MICRO),
            )
        ),
    ),
)


@quick
@given(any_usages(), tariffs(told=st.just(NO_RESTRICTIONS) | calendar_restrictions()))
@example(PARKED_LAST, TIME_IN_QUARTERS)
def sums_and_pieces_agree(usage, tariff):
    compiled = Compiled(tariff, ZONE)
    by_sums = quantities_module.quantities_of(usage, compiled)
    by_pieces = quantities_module.quantities_by_pieces(usage, compiled)

    assert by_sums.used == by_pieces.used
    assert sorted(by_sums.surplus, key=str) == sorted(by_pieces.surplus, key=str)


@settings(quick, max_examples=80)
@given(even_usages(), tariffs(), st.integers(0, 3), st.integers(1, 400))
def a_cut_period_costs_what_the_whole_does(usage, tariff, which, thirds):
    """Amounts do not depend on how a seller cuts its periods, if it cuts evenly."""
    index = which % len(usage.stretches)
    whole = usage.stretches[index]
    at = whole.start_us + thirds * 3 * MINUTE_US
    if at >= whole.end_us:
        return
    first = Stretch(whole.start_us, at, *_parts(whole, at))
    rest = [one - other for one, other in zip(whole[2:6], first[2:6], strict=True)]
    second = Stretch(at, whole.end_us, *rest)
    cut = Usage(stretches=(*usage.stretches[:index], first, second, *usage.stretches[index + 1 :]))

    one, other = price(usage, tariff), price(cut, tariff)
    assert amounts(one) == amounts(other)
    assert (one.excl_minor, one.incl_minor) == (other.excl_minor, other.incl_minor)


def _parts(whole: Stretch, at: int) -> list[int]:
    length = whole.end_us - whole.start_us
    return [part * (at - whole.start_us) // length for part in whole[2:6]]


@quick
@given(
    even_usages(),
    tariffs(kinds=(Kind.ENERGY,), told=st.just(NO_RESTRICTIONS) | calendar_restrictions()),
    st.integers(0, 3),
    st.integers(1, 500),
)
def more_energy_never_costs_less(usage, tariff, which, more_per_second):
    """Where no price is below zero and none depends on what was charged before: there, a kWh more
    at a free hour may carry the dear hour into a cheaper tier, and OCPI wants it so.
    """
    index = which % len(usage.stretches)
    one = usage.stretches[index]
    seconds = (one.end_us - one.start_us) // MICRO
    grown = one._replace(energy=one.energy + more_per_second * seconds)
    stretches = (*usage.stretches[:index], grown, *usage.stretches[index + 1 :])
    found, more_found = (price(each, tariff) for each in (usage, Usage(stretches=stretches)))
    assert _used(found) <= _used(more_found)


def _used(priced: Priced) -> int:
    return sum(quantity * rate.price for rate, quantity in priced.used.items())


@settings(quick, max_examples=80)
@given(even_usages(), tariffs(kinds=(Kind.ENERGY, Kind.TIME, Kind.PARKING_TIME)))
def each_minute_has_the_first_element_that_matches(usage, tariff):
    """Against a slow twin that walks the session in steps of three minutes with plain datetimes."""
    found = amounts(price(usage, tariff))

    assert {key: found[key] for key in found if key[0] is not None} == _walked(usage, tariff)


def _walked(usage: Usage, tariff: Tariff) -> dict[tuple[int, Kind], int]:
    used: dict[tuple[int, Kind], int] = {}
    energy, first = 0, usage.stretches[0].start_us
    for stretch in usage.stretches:
        thirds = (stretch.end_us - stretch.start_us) // (3 * MINUTE_US)
        for third in range(thirds):
            at = stretch.start_us + third * 3 * MINUTE_US
            instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
            parts = {
                Kind.ENERGY: stretch.energy // thirds,
                Kind.TIME: stretch.charging // thirds,
                Kind.PARKING_TIME: stretch.parking // thirds,
            }
            for kind, quantity in parts.items():
                index = _first_match(tariff, kind, instant, energy, (at - first) // MICRO)
                if index is not None and quantity:
                    used[index, kind] = used.get((index, kind), 0) + quantity
            energy += parts[Kind.ENERGY]
    return used


def _first_match(tariff, kind, instant, energy, elapsed_s) -> int | None:
    wall = instant.astimezone(ZONE)
    minute = wall.hour * 60 + wall.minute
    for index, element in enumerate(tariff.elements):
        told = element.restrictions
        asked = [
            (energy, told.min_energy_micro, told.max_energy_micro),
            (elapsed_s, told.min_duration_s, told.max_duration_s),
            (wall.date(), told.start_date, told.end_date),
        ]
        fits = all(
            (least is None or value >= least) and (most is None or value < most)
            for value, least, most in asked
        )
        fits = fits and (told.days is None or wall.weekday() in told.days)
        if told.start_minute is not None:
            inside = minute >= told.start_minute, minute < told.end_minute
            wraps = told.end_minute < told.start_minute
            fits = fits and (any(inside) if wraps else all(inside))
        if fits and any(component.kind is kind for component in element.components):
            return index
    return None


@quick
@given(even_usages(), tariffs(kinds=(Kind.ENERGY, Kind.TIME)), st.randoms(use_true_random=False))
def elements_of_other_kinds_may_stand_anywhere(usage, tariff, random):
    """The order among elements of one kind decides; how two kinds are mixed does not."""
    single = [
        Element((component,), element.restrictions)
        for element in tariff.elements
        for component in element.components
    ]
    kinds = [element.components[0].kind for element in single]
    random.shuffle(kinds)
    queues = {kind: [e for e in single if e.components[0].kind is kind] for kind in kinds}
    mixed = tuple(queues[kind].pop(0) for kind in kinds)

    one, other = (
        price(usage, Tariff(tariff_id="T", currency="EUR", elements=elements))
        for elements in (tuple(single), mixed)
    )
    assert (one.excl_minor, one.incl_minor) == (other.excl_minor, other.incl_minor)


@quick
@given(even_usages(), tariffs(kinds=(Kind.ENERGY,)), components(Kind.ENERGY))
def nothing_gets_past_an_element_without_restrictions(usage, tariff, component):
    sure = (*tariff.elements, Element((components_of(5)[0],)))
    behind = (*sure, Element((component,)))

    one, other = (
        price(usage, Tariff(tariff_id="T", currency="EUR", elements=elements))
        for elements in (sure, behind)
    )
    assert amounts(one) == amounts(other)
    assert one.incl_minor == other.incl_minor


def components_of(price_micro: int) -> tuple[Component]:
    return (Component(kind=Kind.ENERGY, price_micro=price_micro),)


@quick
@given(any_usages(), tariffs(told=st.just(NO_RESTRICTIONS)))
def a_step_rounds_energy_up_to_the_next_whole_one(usage, tariff):
    found = price(usage, tariff)

    for rate, quantity in found.used.items():
        if rate.kind is Kind.ENERGY and rate.is_priced:
            billed = quantity + dict(found.surplus).get(rate, 0)
            step = rate.step_size * 1000
            assert billed % step == 0
            assert quantity <= billed < quantity + step


@quick
@given(even_usages(), tariffs())
def the_pieces_of_a_session_are_the_session(usage, tariff):
    """Every kWh is at one rate, or at none of a tariff that has other rates of its kind."""
    priced_kinds = {c.kind for element in tariff.elements for c in element.components}
    found = price(usage, tariff)

    for kind, whole in (
        (Kind.ENERGY, usage.energy),
        (Kind.TIME, sum(one.charging for one in usage.stretches)),
        (Kind.PARKING_TIME, sum(one.parking for one in usage.stretches)),
    ):
        shared = sum(quantity for (_, at), quantity in amounts(found).items() if at is kind)
        assert shared == (whole if kind in priced_kinds else 0)
    assert all(one.end_us == other.start_us for one, other in pairwise(usage.stretches))


PROMISES = (
    the_trace_adds_up_to_the_price,
    sums_and_pieces_agree,
    a_cut_period_costs_what_the_whole_does,
    more_energy_never_costs_less,
    each_minute_has_the_first_element_that_matches,
    elements_of_other_kinds_may_stand_anywhere,
    nothing_gets_past_an_element_without_restrictions,
    a_step_rounds_energy_up_to_the_next_whole_one,
    the_pieces_of_a_session_are_the_session,
)
