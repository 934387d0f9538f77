"""The cast, and makers of what tests need around it.

Nordlicht and Polder run stations, Voltaire and Fjell have drivers, Laterne is a stranger who may
see nothing of anyone's. Noon is noon.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import factory
import msgspec
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from clearinghouse.identifiers import emi3_check_digit
from partners.models import (
    Environment,
    Partner,
    PartnerFacts,
    PartnerState,
    Party,
    PartyOwnership,
    RoamingAgreement,
    SettlementGroup,
    User,
)
from roaming.intake.structure import Submission, read_sdr
from roaming.messages import SdrOutcome
from roaming.services.intake import Opened, Origin, open_batch, take_into
from roaming.services.sequences import claim

NOON = datetime(2026, 11, 14, 12, 0, tzinfo=UTC)
# The ECB's real file; tests with it are skipped where the shared data is not here.
REAL_RATES = settings.BASE_DIR.parent / "shared" / "data" / "fx-ecb" / "eurofxref-hist.csv.gz"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class PartnerMaker(factory.django.DjangoModelFactory):
    """An ACTIVE partner with legal facts."""

    class Meta:
        model = Partner
        django_get_or_create = ("name",)
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Partner {n}")

    @factory.post_generation
    def facts(self, create, extracted, **kwargs):
        if PartnerFacts.objects.filter(partner=self).exists():
            return
        PartnerFacts.objects.create(
            partner=self,
            legal_name=f"{self.name} GmbH",
            country_code="DE",
            starts_at=LONG_AGO,
        )
        PartnerState.objects.create(
            partner=self,
            state=PartnerState.State.ACTIVE,
            starts_at=LONG_AGO,
            reason="signed",
            actor="makers",
        )


class PartyMaker(factory.django.DjangoModelFactory):
    """A party with an owner since long ago; pass ``partner=``."""

    class Meta:
        model = Party
        django_get_or_create = ("country_code", "party_id", "role", "environment")
        exclude = ("partner",)
        skip_postgeneration_save = True

    partner = factory.SubFactory(PartnerMaker)
    country_code = "DE"
    party_id = factory.Sequence(lambda n: f"{n % 1000:03d}")
    role = Party.Role.CSO
    environment = Environment.LIVE
    name = factory.LazyAttribute(lambda party: party.partner.name)

    @factory.post_generation
    def owned_by(self, create, extracted, **kwargs):
        if extracted and not self.ownerships.exists():
            PartyOwnership.objects.create(party=self, partner=extracted, starts_at=LONG_AGO)


class GroupMaker(factory.django.DjangoModelFactory):
    class Meta:
        model = SettlementGroup
        django_get_or_create = ("name", "environment")

    name = "EUR monthly"
    environment = Environment.LIVE
    currency = "EUR"


class AgreementMaker(factory.django.DjangoModelFactory):
    """An agreement in force since long ago; 1 % commission to the house."""

    class Meta:
        model = RoamingAgreement

    number = factory.Sequence(lambda n: f"AG-{n}")
    seller = factory.LazyFunction(lambda: nordlicht())
    buyer = factory.LazyFunction(lambda: voltaire())
    group = factory.SubFactory(GroupMaker)
    currency = factory.LazyAttribute(lambda agreement: agreement.group.currency)
    commission_rate = Decimal("0.01")
    starts_at = LONG_AGO
    in_force_at = LONG_AGO
    environment = factory.LazyAttribute(lambda agreement: agreement.seller.environment)


class StaffMaker(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        django_get_or_create = ("username",)

    username = "olga"
    is_staff = True
    is_superuser = True


def approver(username: str) -> User:
    """Staff who may do everything and, by name, decide what another asked for."""
    person = StaffMaker(username=username)
    person.user_permissions.add(*Permission.objects.filter(codename__startswith="approve_"))
    return person


class PartnerUserMaker(factory.django.DjangoModelFactory):
    """A person of one partner with one role; logs in with ``client.force_login``."""

    class Meta:
        model = User
        django_get_or_create = ("username",)
        exclude = ("role",)

    role = "partner-admin"
    username = factory.LazyAttribute(lambda user: f"finance@{user.partner.name.lower()}")
    partner = factory.SubFactory(PartnerMaker)

    @classmethod
    def create(cls, **fields) -> User:
        # A person without a role cannot be committed.
        with transaction.atomic():
            person = super().create(**fields)
            role = fields.get("role", "partner-admin")
            person.groups.set([Group.objects.get(name=role)])
        return person


def staff_of(*roles: str, username: str = "") -> User:
    """One of the clearing house's own people with these roles and no more."""
    person, _ = User.objects.get_or_create(
        username=username or "-".join(roles), defaults={"is_staff": True}
    )
    person.groups.set(Group.objects.filter(name__in=roles))
    return person


def _party(name: str, code: str, role: str, environment: str = Environment.LIVE) -> Party:
    partner = PartnerMaker(name=name)
    return PartyMaker(
        country_code=code[:2],
        party_id=code[3:],
        role=role,
        name=name,
        environment=environment,
        partner=partner,
        owned_by=partner,
    )


def nordlicht(environment: str = Environment.LIVE) -> Party:
    return _party("Nordlicht", "DE*NLX", Party.Role.CSO, environment)


def polder(environment: str = Environment.LIVE) -> Party:
    return _party("Polder", "NL*PLD", Party.Role.CSO, environment)


def voltaire(environment: str = Environment.LIVE) -> Party:
    return _party("Voltaire", "FR*VOL", Party.Role.CSP, environment)


def fjell(environment: str = Environment.LIVE) -> Party:
    return _party("Fjell", "NO*FJL", Party.Role.CSP, environment)


def laterne(role: str = Party.Role.CSO) -> Party:
    """The stranger: a partner in good standing with no agreement with anybody."""
    return _party("Laterne", "AT*LAT", role)


def partner_of(party: Party) -> Partner:
    return party.ownerships.get(ends_at__isnull=True).partner


def record(**changes: object) -> dict[str, object]:
    """A good record of Nordlicht for Voltaire: 18.4 kWh in an hour before noon, 9.02 EUR."""
    fields: dict[str, object] = {
        "sdr_id": "NLX-0001",
        "cso_id": "DE*NLX",
        "csp_id": "FR*VOL",
        "service_session_id": "S-0001",
        "evse_id": "DE*NLX*E1001*1",
        "contract_id": "DE-8AA-CA2B3C4D5-L",
        "credential_type": "RFID",
        "started_at": "2026-11-14T10:00:00Z",
        "ended_at": "2026-11-14T11:00:00Z",
        "energy_kwh": "18.400",
        "max_power_kw": "22",
        "location_country": "DE",
        "currency": "EUR",
        "total_amount": "9.02",
        "items": [{"kind": "ENERGY", "quantity": "18.400", "unit_price": "0.49", "amount": "9.02"}],
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def numbered_record(number: int, **changes: object) -> dict[str, object]:
    """``record`` with an id, a session, an EVSE and a contract of its own."""
    own = {
        "sdr_id": f"NLX-{number:05d}",
        "service_session_id": f"S-{number:05d}",
        "evse_id": numbered_evse(number),
        "contract_id": numbered_contract(number),
    }
    return record(**(own | changes))


def numbered_evse(number: int) -> str:
    return f"DE*NLX*E{number:05d}*1"


def numbered_contract(number: int) -> str:
    """An EMAID with its check digit."""
    body = f"DE8AAC{number:08d}"
    return body + emi3_check_digit(body)


def submission(fields: dict[str, object]) -> Submission:
    return read_sdr(msgspec.json.encode(fields))


def take(
    *records: dict[str, object],
    sender: Party | None = None,
    received_at: datetime = NOON,
    environment: str = Environment.LIVE,
) -> list[SdrOutcome]:
    """Send records through the real intake as Nordlicht's system would."""
    return take_submissions(
        *map(submission, records), sender=sender, received_at=received_at, environment=environment
    )


def take_submissions(
    *submissions: Submission,
    sender: Party | None = None,
    received_at: datetime = NOON,
    environment: str = Environment.LIVE,
    sequence: int | None = None,
) -> list[SdrOutcome]:
    """Send what some door has read, in a batch that may have a number."""
    batch = {
        "sender": partner_of(sender or nordlicht(environment)),
        "environment": environment,
        "origin": Origin(door="API", actor="tests", sequence=sequence),
        "received_at": received_at,
    }
    opened = claim(**batch) if sequence else Opened(open_batch(**batch))
    return [one for chunk in take_into(opened, submissions, actor="tests") for one in chunk]


def take_one(received_at: datetime = NOON, **changes: object) -> SdrOutcome:
    return take(record(**changes), received_at=received_at)[0]


def later(**delta: float) -> datetime:
    return NOON + timedelta(**delta)
