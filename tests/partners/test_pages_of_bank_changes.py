"""A change of bank details through the staff pages, step by step, and who may not."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse

from partners.models import BankAccount, BankDetailChange, PartnerFacts, User
from tests.makers import LONG_AGO, PartnerMaker, PartnerUserMaker

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
OLD, NEW = "NL91ABNA0417164300", "NL20INGB0001234567"
ASK = reverse("admin:partners_bankdetailchange_ask")
RIGHTS = ("view_bankdetailchange", "change_bankdetailchange")


def person(name: str, *rights: str) -> User:
    user = User.objects.create(username=name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def partner(clock):
    found = PartnerMaker(name="Polder")
    PartnerFacts.objects.filter(partner=found).update(email="finance@polder.example")
    BankAccount.objects.create(
        partner=found, currency="EUR", holder="Polder B.V.", iban=OLD, starts_at=LONG_AGO
    )
    return found


def step(change: BankDetailChange, name: str) -> str:
    return reverse(f"admin:partners_bankdetailchange_{name}", args=[change.pk])


def asked(client, partner) -> BankDetailChange:
    client.force_login(person("ann", *RIGHTS))
    form = {"partner": partner.pk, "currency": "EUR", "holder": "Polder B.V.", "iban": NEW}
    client.post(ASK, form | {"reason": "letter of 1 March"})
    return BankDetailChange.objects.get()


def test_every_step_by_the_pages(client, partner, clock):
    change = asked(client, partner)
    client.force_login(person("mia", *RIGHTS))
    page = client.get(step(change, "change")).content.decode()
    assert "on file before the request" in page
    assert NEW not in page
    client.post(step(change, "call"), {"contact": "finance@polder.example", "number": "+31 20 1"})
    client.force_login(person("kai", "view_bankdetailchange", "approve_bankdetailchange"))
    client.post(step(change, "approve"))
    client.force_login(User.objects.get(username="mia"))
    client.post(step(change, "penny"), {"reference": "PENNY-7"})
    early = client.post(step(change, "effective")).content.decode()
    clock.shift(timedelta(days=3))
    client.post(step(change, "effective"))

    change.refresh_from_db()
    assert "cools until 2027-03-04" in early
    assert change.state == "EFFECTIVE"
    assert partner.bank_accounts.get(ends_at__isnull=True).iban == NEW


def test_without_the_approvers_right_nobody_approves(client, partner):
    change = asked(client, partner)
    client.force_login(person("mia", *RIGHTS))

    assert client.post(step(change, "approve")).status_code == 403
    assert client.post(step(change, "call"), {"contact": "eve@x.example"}).status_code == 200
    change.refresh_from_db()
    assert change.state == "REQUESTED"


def test_who_asked_confirms_nothing(client, partner):
    change = asked(client, partner)

    answer = client.post(
        step(change, "call"), {"contact": "finance@polder.example", "number": "+31"}
    )

    assert "neither confirm nor approve" in answer.content.decode()


def test_an_account_is_not_replaced_past_the_change(client, partner):
    client.force_login(User.objects.create(username="max", is_staff=True, is_superuser=True))
    form = {
        "partner": partner.pk,
        "currency": "EUR",
        "holder": "X",
        "iban": NEW,
        "starts_at_0": "2027-03-01",
        "starts_at_1": "00:00",
    }

    page = client.post(reverse("admin:partners_bankaccount_add"), form).content.decode()

    assert "Ask for a change of bank details" in page
    assert BankAccount.objects.get().iban == OLD


def test_people_of_partners_and_readers_change_nothing(client, partner):
    change = asked(client, partner)
    client.force_login(person("eva", "view_bankdetailchange"))
    for name in ("call", "approve", "penny", "effective", "refuse"):
        assert client.get(step(change, name)).status_code == 403
    assert client.get(ASK).status_code == 403

    client.force_login(PartnerUserMaker(username="p", partner=partner))
    for url in (ASK, step(change, "change"), step(change, "approve")):
        assert client.get(url).status_code == 302
