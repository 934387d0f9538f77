"""One hash for one content, whatever its spelling."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from roaming.rules.canonical import content_sha256
from roaming.rules.record import InboundItem, InboundPeriod, InboundSdr

NUMBERS = st.decimals(-(10**11), 10**11, places=6)
INSTANTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 the strategy adds the zone
    max_value=datetime(2099, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
ITEMS = st.builds(
    InboundItem,
    kind=st.sampled_from(["ENERGY", "FEE"]),
    amount=NUMBERS,
    quantity=st.none() | NUMBERS,
    unit_price=st.none() | NUMBERS,
)
PERIODS = st.builds(
    InboundPeriod, started_at=INSTANTS, energy_kwh=NUMBERS, duration_s=st.integers(0, 10_000)
)
RECORDS = st.builds(
    InboundSdr,
    sdr_id=st.text(max_size=8),
    started_at=st.none() | INSTANTS,
    issued_at=st.none() | INSTANTS,
    energy_kwh=st.none() | NUMBERS,
    total_amount=st.none() | NUMBERS,
    items=st.lists(ITEMS, max_size=3),
    charging_periods=st.lists(PERIODS, max_size=3),
)
INDIA = timezone(timedelta(hours=5, minutes=30))


def respelled(value):
    """The same content: a zero more behind each point, each instant told in another zone."""
    match value:
        case Decimal():
            return value.quantize(Decimal("1E-7"))
        case datetime():
            return value.astimezone(INDIA)
        case list():
            return [respelled(part) for part in value]
        case msgspec.Struct():
            fields = msgspec.structs.asdict(value)
            return type(value)(**{name: respelled(part) for name, part in fields.items()})
    return value


class TestContentSha256:
    @given(RECORDS)
    def test_is_the_same_for_another_spelling(self, sdr):
        assert content_sha256(respelled(sdr)) == content_sha256(sdr)

    @given(RECORDS, RECORDS)
    def test_differs_for_other_content(self, one, other):
        assert (content_sha256(one) == content_sha256(other)) == (one == other)

    def test_knows_every_field(self):
        told = {content_sha256(InboundSdr())}
        for field in msgspec.structs.fields(InboundSdr):
            value = _any_value_of(field)
            told.add(content_sha256(InboundSdr(**{field.name: value})))

        assert len(told) == len(msgspec.structs.fields(InboundSdr)) + 1

    def test_stays_what_it_was(self):
        """Stored hashes tell replays from conflicts: a change of spelling would reject replays."""
        sdr = InboundSdr(
            sdr_id="A",
            energy_kwh=Decimal("18.400"),
            started_at=datetime(2026, 11, 14, 10, tzinfo=UTC),
            items=[InboundItem(kind="ENERGY", amount=Decimal("9.02"))],
        )

        assert (
            content_sha256(sdr)
            == "bb0f6f8911b9dc67e58d072cf16e09e0fb11860dce39711c615adb601529f190"
        )


def _any_value_of(field: msgspec.structs.FieldInfo) -> object:
    instant = datetime(2026, 11, 14, tzinfo=UTC)
    by_name = {
        "items": [InboundItem(kind="FEE", amount=Decimal(1))],
        "charging_periods": [InboundPeriod(started_at=instant)],
        "split_no": 1,
    }
    if field.name in by_name:
        return by_name[field.name]
    if field.name.endswith("_at"):
        return instant
    return Decimal(1) if field.default is None else "x"
