"""The charts of Today and of Figures: prepared figures of every room, as sections of a page."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from billing.admin.amounts import amount
from billing.models import ExposureReading
from billing.queries_ageing import ageing
from billing.rules.ageing import AgedLine
from clearinghouse.money import from_minor_units
from partners.admin.charts import Chart, Series
from partners.admin.story import Badge, Table, link, list_link
from partners.models import Partner, RoamingEndpoint
from roaming import queries_figures as figures
from roaming.models import Sdr
from roaming.queries_exchanges import NO_TRAFFIC, traffic_of
from roaming.queries_figures import Asked, DayVolume, Funnel
from roaming.rules.catalog import RULES, STRUCTURE

# Records of three currencies are drawn, the busiest ones; all of them are in the lists.
_CURRENCIES = 3
_CAUSES = 10
_MOST_ROWS = 50
TITLES = {rule.code: rule.title for rule in reversed((STRUCTURE, *RULES))}
_LEVELS = {"FREE": "success", "WARNED": "warning", "BLOCKED": "danger"}


def volume_charts(asked: Asked, *, with_money: bool) -> list[Chart]:
    """Records and energy of each day; claims by currency for those who may see money."""
    by_currency = figures.volumes(asked)
    days = _days(asked)
    every = _by_day([one for volumes in by_currency.values() for one in volumes])
    charts = [
        _per_day(
            "Records received per day", "Records", days, [every.get(d, (0, 0))[0] for d in days]
        ),
        _per_day("Energy per day, kWh", "kWh", days, [every.get(d, (0, 0))[1] for d in days]),
    ]
    return [*charts, *_claim_charts(by_currency, days)] if with_money else charts


def claim_charts(asked: Asked) -> list[Chart]:
    """Claims per day, one chart per currency, the busiest first."""
    return _claim_charts(figures.volumes(asked), _days(asked))


def _claim_charts(by_currency: dict[str, list[DayVolume]], days: Sequence[date]) -> list[Chart]:
    return [_claims(currency, by_currency[currency], days) for currency in _busiest(by_currency)]


def funnel_chart(told: Funnel) -> Chart:
    """How far records came."""
    steps = (
        ("Received", told.received),
        ("Passed the checks", told.passed),
        ("Delivered to the provider", told.delivered),
        ("Accepted", told.accepted),
    )
    share = f", {told.accepted * 100 // told.received} % of them" if told.received else ""
    return Chart(
        "How far records came",
        f"Of {told.received:,} records received, {told.accepted:,} are accepted{share}.",
        "Step",
        [name for name, _ in steps],
        [Series("Records", [n for _, n in steps])],
        is_horizontal=True,
        empty="No records in this period.",
        note=f"{told.taken_back:,} were taken back or replaced by their seller."
        if told.taken_back
        else "",
    )


def cause_charts(asked: Asked) -> list[Chart]:
    """What refuses and what holds records, most frequent first, with the share of all records."""
    received = sum(figures.states(asked).values())
    return [
        _causes("Refused, by cause", figures.causes(asked, figures.Kind.REFUSED), received),
        _causes("Held now, by cause", figures.causes(asked, figures.Kind.HELD), received),
    ]


def delay_chart(asked: Asked) -> Chart:
    told = figures.delays(asked)
    return Chart(
        "How long records take to come",
        "Records by the time from the end of their session to their receipt.",
        "Delay",
        [name for name, _ in told],
        [Series("Records", [n for _, n in told])],
        empty="No record with an end in this period.",
        note="From the end of the session to the receipt of its record.",
    )


def missing_chart(asked: Asked) -> Chart:
    """Sessions that nobody billed in the time agreed; counted each night."""
    told, days = figures.missing(asked), _days(asked)
    title = "Sessions without a record, by the day they were over"
    return _per_day(title, "Sessions", days, [told.get(day, 0) for day in days])


def score_table(asked: Asked) -> Table:
    """The scorecard: how well each sender's records come in."""
    scores = figures.scores(asked)[:_MOST_ROWS]
    names = dict(Partner.objects.in_bulk([one.sender_id for one in scores]).items())
    return Table(
        "Senders compared",
        ("Sender", "Records", "Refused", "Held now", "3 days late or more", "Missing"),
        [
            (
                link(names.get(one.sender_id)),
                list_link(Sdr, f"{one.received:,}", f"?sender__id__exact={one.sender_id}"),
                _share(one.refused, one.received),
                _share(one.held, one.received),
                _share(one.late, one.with_delay),
                f"{one.missing:,}",
            )
            for one in scores
        ],
        frozenset({1, 2, 3, 4, 5}),
        empty="Nobody sent records in this period.",
    )


def exposure_sections(environment: str) -> list[object]:
    """The newest reading of each partner in each group against its limit, one chart a currency."""
    newest = (
        ExposureReading.objects.filter(environment=environment)
        .order_by("group", "partner", "-read_at")
        .distinct("group", "partner")
    )
    readings = sorted(
        ExposureReading.objects.filter(pk__in=newest.values("pk")).select_related(
            "group", "partner"
        ),
        key=lambda one: -one.exposure_minor,
    )[:_MOST_ROWS]
    currencies = sorted({one.group.currency for one in readings})
    return [
        section
        for currency in currencies
        for section in _exposures(currency, [r for r in readings if r.group.currency == currency])
    ]


def _exposures(currency: str, readings: Sequence[ExposureReading]) -> list[object]:
    chart = Chart(
        f"Exposure against limit, {currency}",
        "What each partner could owe at most now, beside the limit agreed with it.",
        "Partner",
        [f"{one.partner}" for one in readings[:_CAUSES]],
        [
            Series(
                "Exposure",
                [
                    from_minor_units(one.exposure_minor, currency=currency)
                    for one in readings[:_CAUSES]
                ],
            ),
            Series(
                "Limit",
                [
                    None
                    if one.limit_minor is None
                    else from_minor_units(one.limit_minor, currency=currency)
                    for one in readings[:_CAUSES]
                ],
            ),
        ],
        is_horizontal=True,
        decimals=2,
    )
    blocked = Table(
        f"Partners near their limit, {currency}",
        ("Partner", "Group", "Level", "Exposure", "Limit"),
        [
            (
                link(one, one.partner),
                one.group.name,
                Badge(one.level, _LEVELS[one.level]),
                amount(one.exposure_minor, currency),
                amount(one.limit_minor, currency),
            )
            for one in readings
            if one.level != ExposureReading.Level.FREE
        ],
        frozenset({3, 4}),
        empty="Nobody is.",
    )
    return [chart, blocked]


def ageing_charts(*, today: date, environment: str) -> list[Chart]:
    """What partners owe, by days past due, one chart per currency."""
    lines = [one for one in ageing(today=today, environment=environment) if one.side == "PAYS"]
    return [
        _aged(currency, [one for one in lines if one.currency == currency])
        for currency in sorted({one.currency for one in lines})
    ]


def _aged(currency: str, lines: Sequence[AgedLine]) -> Chart:
    sums = [sum(column) for column in zip(*(line.buckets for line in lines), strict=True)]
    names = ("Not due", "1–30 days", "31–60 days", "61–90 days", "Over 90 days")
    return Chart(
        f"What partners owe, by age, {currency}",
        f"Open positions that partners pay, in {currency}, by days past due.",
        "Past due",
        names,
        [Series(currency, [from_minor_units(one, currency=currency) for one in sums])],
        decimals=2,
        empty="Nobody owes anything.",
    )


def endpoint_table(environment: str, *, now: datetime) -> Table:
    """How the calls to each partner's system went in the last 24 hours."""
    endpoints = list(
        RoamingEndpoint.objects.filter(environment=environment)
        .select_related("owner")
        .order_by("owner__name", "pk")[:_MOST_ROWS]
    )
    traffic = traffic_of([one.pk for one in endpoints], now=now)
    return Table(
        "Connections in the last 24 hours",
        ("System", "State", "Our calls", "Succeeded", "Usual ms", "Slow ms (p95)"),
        [
            (
                link(one, f"{one.owner} {one.protocol}"),
                Badge(one.state, "success" if one.state == "ACTIVE" else "warning"),
                f"{told.calls:,}",
                told.share,
                "–" if told.p50_ms is None else f"{told.p50_ms:,}",
                "–" if told.p95_ms is None else f"{told.p95_ms:,}",
            )
            for one in endpoints
            for told in (traffic.get(one.pk, NO_TRAFFIC),)
        ],
        frozenset({2, 3, 4, 5}),
        empty="No partner's system is connected yet.",
    )


def _days(asked: Asked) -> list[date]:
    return [asked.first + timedelta(days=n) for n in range((asked.until - asked.first).days)]


def _by_day(volumes: Sequence[DayVolume]) -> dict[date, tuple[int, Decimal]]:
    told: dict[date, tuple[int, Decimal]] = {}
    for one in volumes:
        records, energy = told.get(one.day, (0, Decimal(0)))
        told[one.day] = (records + one.records, energy + one.energy_kwh)
    return told


def _per_day(title: str, what: str, days: Sequence[date], values: Sequence) -> Chart:
    return Chart(
        title,
        f"{title}, from {days[0]:%-d %B} to {days[-1]:%-d %B}.",
        "Day",
        [f"{day:%-d %b}" for day in days],
        [Series(what, values)],
        empty="No records in this period.",
    )


def _claims(currency: str, volumes: Sequence[DayVolume], days: Sequence[date]) -> Chart:
    claims = {one.day: one.claim_amount for one in volumes}
    title = f"Claims received per day, {currency}"
    return Chart(
        title,
        f"{title}, from {days[0]:%-d %B} to {days[-1]:%-d %B}.",
        "Day",
        [f"{day:%-d %b}" for day in days],
        [Series(f"Claims {currency}", [claims.get(day, Decimal(0)) for day in days])],
        decimals=2,
        note=f"{sum(claims.values(), Decimal(0)):,.2f} {currency} in"
        f" {sum(one.records for one in volumes):,} records",
    )


def _busiest(by_currency: dict[str, list[DayVolume]]) -> list[str]:
    told = {
        currency: sum(one.records for one in volumes)
        for currency, volumes in by_currency.items()
        if currency and any(one.claim_amount for one in volumes)
    }
    return sorted(told, key=lambda currency: (-told[currency], currency))[:_CURRENCIES]


def _causes(title: str, told: Sequence[tuple[str, int]], received: int) -> Chart:
    shown = told[:_CAUSES]
    return Chart(
        title,
        f"{title}: the rules that were broken most often, of {received:,} records.",
        "Code",
        [code for code, _ in shown],
        [Series("Records", [n for _, n in shown])],
        names=[f"{code} {TITLES.get(code, '')}".strip() for code, _ in shown],
        is_horizontal=True,
        empty="None in this period.",
    )


def _share(part: int, whole: int) -> str:
    if not whole:
        return "–"
    return f"{part:,} ({part * 1000 // whole / 10:.1f} %)"
