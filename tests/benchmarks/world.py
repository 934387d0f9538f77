"""The world in which it is measured: one seller, two buyers, batches of fresh records."""

from collections.abc import Iterator
from decimal import Decimal
from zlib import crc32

from django.utils import timezone

from partners.models import ApiClient, Party, SettlementGroup
from partners.services.clients import ClientCredentials, create_api_client
from tests import makers

# One after the other on an EVSE, as on a busy day; each EVSE has a driver of its own.
SESSIONS_ON_AN_EVSE = 6


def build() -> ClientCredentials:
    """Two agreements that accept on validation, and a client of the seller."""
    _agree(makers.GroupMaker(), makers.voltaire(), makers.fjell())
    return create_api_client(
        makers.partner_of(makers.nordlicht()),
        environment="LIVE",
        name="bench",
        scopes=["sdr:write"],
    )


def group_of_round(number: int) -> tuple[SettlementGroup, tuple[str, str]]:
    """A group without a past, and the two buyers that settle in it."""
    group = makers.GroupMaker(name=f"EUR round {number}")
    buyers = [
        makers.PartyMaker(
            country_code=country,
            party_id=f"B{number:02d}",
            role="CSP",
            partner=(partner := makers.PartnerMaker()),
            owned_by=partner,
        )
        for country in ("FR", "NO")
    ]
    _agree(group, *buyers)
    return group, (buyers[0].code, buyers[1].code)


def _agree(group: SettlementGroup, *buyers: Party) -> None:
    for buyer in buyers:
        makers.AgreementMaker(
            buyer=buyer, group=group, warn_after_days=None, refuse_after_days=None
        )


def client() -> ApiClient:
    return ApiClient.objects.get(name="bench")


def records(
    count: int, *, prefix: str, buyers: tuple[str, str] = ("FR*VOL", "NO*FJL")
) -> Iterator[dict[str, object]]:
    """Good records of this month with two charging periods and two items, no two alike."""
    month = timezone.now().strftime("%Y-%m")
    for number in range(count):
        yield _record(number, prefix, month, buyers[number % 2])


def _record(number: int, prefix: str, month: str, buyer: str) -> dict[str, object]:
    energy = Decimal(number % 40_000 + 1_000) / 1000
    energy_amount = (energy * Decimal("0.49")).quantize(Decimal("0.01"))
    evse, slot = divmod(number, SESSIONS_ON_AN_EVSE)
    start = 210 * slot + evse % 30
    driver = crc32(prefix.encode()) % 10_000 * 10_000 + evse
    return {
        "sdr_id": f"{prefix}-{number:06d}",
        "cso_id": "DE*NLX",
        "csp_id": buyer,
        "service_session_id": f"S-{prefix}-{number:06d}",
        "charging_session_id": f"C-{prefix}-{number:06d}",
        "evse_id": f"DE*NLX*E{prefix}*{evse:04d}*1",
        "contract_id": f"{buyer[:2]}-{buyer[3:]}-C{driver:08d}",
        "credential_type": "RFID",
        "authorization_method": "AUTH_REQUEST",
        "started_at": _on_the_first(month, start),
        "ended_at": _on_the_first(month, start + 180),
        "energy_kwh": str(energy),
        "meter_id": f"M{evse:04d}",
        "max_power_kw": "22",
        "location_country": "DE",
        "location_name": f"Station {evse}",
        "location_city": "Kiel",
        "connector_type": "IEC_62196_T2",
        "current_type": "AC_3_PHASE",
        "currency": "EUR",
        "total_amount": str(energy_amount + Decimal("0.35")),
        "items": [
            {
                "kind": "ENERGY",
                "quantity": str(energy),
                "unit_price": "0.49",
                "amount": str(energy_amount),
            },
            {"kind": "FEE", "amount": "0.35"},
        ],
        "charging_periods": [
            {
                "started_at": _on_the_first(month, start),
                "energy_kwh": str(energy / 2),
                "duration_s": 5400,
            },
            {
                "started_at": _on_the_first(month, start + 90),
                "energy_kwh": str(energy / 2),
                "duration_s": 5400,
            },
        ],
    }


def _on_the_first(month: str, minutes: int) -> str:
    return f"{month}-01T{minutes // 60:02d}:{minutes % 60:02d}:00Z"
