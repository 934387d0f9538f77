"""January of the three partners, calculated and waiting for two persons; who may object to it."""

from datetime import timedelta

from django.contrib.auth.models import Permission

from billing.models import Document, ManualAdjustment, Objection, Settlement
from billing.services import adjustments
from billing.services.closing import close_window
from billing.services.objections import Grounds, raise_objection
from partners.models import User
from tests.billing.oracle_world import BUSINESS_DAY_6, Oracle, an_oracle, january
from tests.roaming.partner_systems import PartnerSystem

OBJECTIONS = "/api/v1/objections/"
NEXT_DAY = BUSINESS_DAY_6 + timedelta(hours=16)
# Closed on Monday 8 February 2027; noon in Brussels of the third business day after it.
UNTIL = BUSINESS_DAY_6.replace(day=11, hour=11)


def a_waiting_settlement() -> tuple[Oracle, Settlement]:
    oracle = an_oracle(release="TWO_PERSONS")
    january(oracle)
    closing = close_window(oracle.group, now=BUSINESS_DAY_6)
    assert closing is not None
    return oracle, closing.settlement


def an_issued_settlement() -> tuple[Oracle, Settlement]:
    oracle = an_oracle()
    january(oracle)
    closing = close_window(oracle.group, now=BUSINESS_DAY_6)
    assert closing is not None
    return oracle, closing.settlement


def statement_of(oracle: Oracle, settlement: Settlement, letter: str = "A") -> Document:
    return Document.objects.get(settlement=settlement, partner=oracle.partners[letter])


def system_of(oracle: Oracle, letter: str = "A", **options) -> PartnerSystem:
    return PartnerSystem(oracle.sellers[letter], **options)


def objected(
    oracle: Oracle, settlement: Settlement, letter: str = "A", *, text: str = "a day is missing"
) -> Objection:
    document = statement_of(oracle, settlement, letter)
    return raise_objection(document, Grounds(text=text), by="finance", now=NEXT_DAY)


def an_adjustment(oracle: Oracle, letter: str = "A", *, is_posted: bool = True) -> ManualAdjustment:
    """In the window that is open after January."""
    opened = oracle.group.windows.filter(state="OPEN").earliest("supply_ends_at")
    asked = adjustments.request(
        opened,
        oracle.partners[letter],
        1200,
        counter_account="4190",
        reason="a day was missing",
        maker=User.objects.get_or_create(username=f"maker of {letter}", is_staff=True)[0],
        now=NEXT_DAY,
    )
    if not is_posted:
        return asked
    checker, _ = User.objects.get_or_create(username="checker", is_staff=True)
    return adjustments.decide(asked.pk, approve=True, checker=checker, now=NEXT_DAY)


def somebody(name: str = "olga") -> User:
    """Staff who may release; being a superuser gives no such right."""
    user = User.objects.create(username=name, is_staff=True, is_superuser=True)
    user.user_permissions.add(Permission.objects.get(codename="approve_settlement"))
    return user
