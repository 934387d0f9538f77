"""The demo's five companies in three countries, their parties and what they agreed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from partners.models import (
    BankAccount,
    Environment,
    Partner,
    PartnerFacts,
    Party,
    SettlementGroup,
)
from partners.queries import clearing_house
from partners.services import onboarding

SINCE = datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
GROUP = "EUR monthly"
COMMISSION = Decimal("0.02")
_HOUSE_EMAIL = "settlement@clearing.example"


@dataclass(frozen=True, slots=True)
class Company:
    """One invented company; ``cso`` and ``csp`` are its party codes, "" where it has none."""

    name: str
    legal_name: str
    street: str
    postal_code: str
    city: str
    country: str
    vat_number: str
    iban: str
    cso: str = ""
    csp: str = ""


HOUSE = Company(
    "Clearing house",
    "Open Roaming Clearing AISBL",
    "Rue de la Loi 221",
    "1040",
    "Brussels",
    "BE",
    "BE0999999922",
    "BE68539007547034",
)
CAST = (
    Company(
        "Nordlicht",
        "Nordlicht Ladenetz GmbH",
        "Speicherstadt 4",
        "20457",
        "Hamburg",
        "DE",
        "DE999999994",
        "DE02120300000000202051",
        cso="DE*NLX",
        csp="DE*NLD",
    ),
    Company(
        "Polder",
        "Polder Laden B.V.",
        "Maasboulevard 100",
        "3063 NS",
        "Rotterdam",
        "NL",
        "NL999999990B01",
        "NL91ABNA0417164300",
        cso="NL*PLD",
    ),
    Company(
        "Windmolen",
        "Windmolen Mobiliteit B.V.",
        "Stationsplein 9",
        "3511 ED",
        "Utrecht",
        "NL",
        "NL999999991B02",
        "NL20INGB0001234567",
        csp="NL*WND",
    ),
    Company(
        "Voltaire",
        "Voltaire Mobilité SAS",
        "12 rue des Forges",
        "69003",
        "Lyon",
        "FR",
        "FR40999999990",
        "FR1420041010050500013M02606",
        cso="FR*VLS",
        csp="FR*VOL",
    ),
    Company(
        "Mistral",
        "Mistral Recharge SA",
        "3 quai du Port",
        "13002",
        "Marseille",
        "FR",
        "FR41999999991",
        "FR7630006000011234567890189",
        csp="FR*MIS",
    ),
)


@dataclass(frozen=True, slots=True)
class World:
    """What was set up: the group, and partners and parties by code."""

    group: SettlementGroup
    partners: dict[str, Partner]
    parties: dict[str, Party]


def set_up(*, actor: str) -> World:
    """Create the companies, parties and agreements that are missing."""
    _name_the_house()
    group = onboarding.open_group(
        GROUP,
        currency="EUR",
        cycle=SettlementGroup.Cycle.MONTHLY,
        time_zone="Europe/Brussels",
        environment=Environment.LIVE,
    )
    # Two persons let a settlement out; set before anything is closed.
    group.release = SettlementGroup.Release.TWO_PERSONS
    group.save(update_fields=["release"])
    partners, parties = {}, {}
    for company in CAST:
        partner = partners[company.name] = _open(company, group, actor)
        for code, role in ((company.cso, Party.Role.CSO), (company.csp, Party.Role.CSP)):
            if code:
                parties[code] = onboarding.open_party(
                    code,
                    role=role,
                    name=company.name,
                    partner=partner,
                    since=SINCE,
                    environment=Environment.LIVE,
                )
    world = World(group, partners, parties)
    _agree(world, actor)
    return world


def _name_the_house() -> None:
    PartnerFacts.objects.get_or_create(
        partner=clearing_house(),
        defaults=_facts(HOUSE) | {"email": _HOUSE_EMAIL, "starts_at": SINCE},
    )
    _bank_with(clearing_house(), HOUSE)


def _facts(company: Company) -> dict[str, str]:
    return {
        "legal_name": company.legal_name,
        "street": company.street,
        "postal_code": company.postal_code,
        "city": company.city,
        "country_code": company.country,
        "vat_number": company.vat_number,
    }


def _open(company: Company, group: SettlementGroup, actor: str) -> Partner:
    partner = onboarding.open_partner(
        company.name,
        facts=_facts(company),
        since=SINCE,
        actor=actor,
        reason="signed for the demo",
    )
    onboarding.join_group(partner, group=group, since=SINCE)
    _bank_with(partner, company)
    return partner


def _bank_with(partner: Partner, company: Company) -> None:
    BankAccount.objects.get_or_create(
        partner=partner,
        currency="EUR",
        defaults={"holder": company.legal_name, "iban": company.iban, "starts_at": SINCE},
    )


def _agree(world: World, actor: str) -> None:
    """Every station operator sells to every provider, its own included."""
    for seller in (company.cso for company in CAST if company.cso):
        for buyer in (company.csp for company in CAST if company.csp):
            onboarding.agree(
                onboarding.Terms(
                    seller=world.parties[seller],
                    buyer=world.parties[buyer],
                    group=world.group,
                    starts_at=SINCE,
                    commission_rate=COMMISSION,
                ),
                actor=actor,
                now=SINCE,
            )
