"""The world in which it is measured: one seller, two buyers, batches of fresh records."""

from collections.abc import Iterator
from decimal import Decimal

from django.utils import timezone

from partners.models import ApiClient, Party, SettlementGroup
from partners.services.clients import ClientCredentials, create_api_client
from tests import makers

CONTRACTS = 5_000
STATIONS = 400


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
    minute = f"{number % 60:02d}"
    return {
        "sdr_id": f"{prefix}-{number:06d}",
        "cso_id": "DE*NLX",
        "csp_id": buyer,
        "service_session_id": f"S-{prefix}-{number:06d}",
        "charging_session_id": f"C-{prefix}-{number:06d}",
        "evse_id": f"DE*NLX*E{number % STATIONS:04d}*1",
        "contract_id": f"{buyer[:2]}-{buyer[3:]}-C{number % CONTRACTS:08d}",
        "credential_type": "RFID",
        "authorization_method": "AUTH_REQUEST",
        "started_at": f"{month}-01T{number % 20:02d}:{minute}:00Z",
        "ended_at": f"{month}-01T{number % 20 + 3:02d}:{minute}:00Z",
        "energy_kwh": str(energy),
        "meter_id": f"M{number % STATIONS:04d}",
        "max_power_kw": "22",
        "location_country": "DE",
        "location_name": f"Station {number % STATIONS}",
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
                "started_at": f"{month}-01T{number % 20:02d}:{minute}:00Z",
                "energy_kwh": str(energy / 2),
                "duration_s": 5400,
            },
            {
                "started_at": f"{month}-01T{number % 20 + 1:02d}:{minute}:30Z",
                "energy_kwh": str(energy / 2),
                "duration_s": 5370,
            },
        ],
    }
