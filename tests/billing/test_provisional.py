"""Provisional statements: given when a settlement waits for two persons, replaced by the final."""

import io

import pytest
import time_machine
from django.db import IntegrityError
from django.urls import reverse
from pypdf import PdfReader

from billing.models import Document, NumberSeries, Settlement
from billing.services import releases, settling
from billing.services.closing import close_window
from billing.services.statements import render_document
from partners.models import Approval, PartyOwnership, User
from partners.services import approvals
from roaming.models import Delivery
from tests.billing.oracle_world import BUSINESS_DAY_6, an_oracle, january
from tests.makers import PartnerUserMaker, laterne
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db
STATEMENTS = "/api/v1/statements/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(BUSINESS_DAY_6, tick=False):
        yield


@pytest.fixture
def oracle():
    oracle = an_oracle(release="TWO_PERSONS")
    january(oracle)
    return oracle


@pytest.fixture
def calculated(oracle) -> Settlement:
    return close_window(oracle.group, now=BUSINESS_DAY_6).settlement


def released(settlement: Settlement) -> list[Document]:
    people = [User.objects.create(username=name, is_staff=True) for name in ("mia", "kai")]
    asked = approvals.request(
        "settlement.release",
        about=("Settlement", str(settlement.pk)),
        content_sha256=settlement.preview_sha256,
        reason="checked",
        maker=people[0],
        now=BUSINESS_DAY_6,
    )
    approval: Approval = approvals.approve(
        asked.pk, checker=people[1], now=BUSINESS_DAY_6, right=releases.RIGHT
    )
    return settling.release(
        settlement,
        preview_sha256=settlement.preview_sha256,
        approval=approval,
        now=BUSINESS_DAY_6,
    )


def text_of(document: Document) -> str:
    pdf = render_document(document, now=BUSINESS_DAY_6).content
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(bytes(pdf))).pages)


def test_each_partner_gets_one_that_takes_no_number(calculated):
    given = Document.objects.filter(settlement=calculated)

    assert {one.kind for one in given} == {"PROVISIONAL"}
    assert given.count() == 3
    assert all(one.number.startswith("PROV-") for one in given)
    assert not NumberSeries.objects.filter(last_number__gt=0).exists()
    told = Delivery.objects.filter(kind="PROVISIONAL")
    assert {one.subject_id for one in told} == {one.pk for one in given}
    assert all(one.sequence for one in told)


def test_a_group_that_issues_at_once_gives_none():
    oracle = an_oracle()
    january(oracle)

    closing = close_window(oracle.group, now=BUSINESS_DAY_6)

    assert closing.provisional == []
    assert len(closing.documents) == 3


def test_its_pdf_says_that_it_is_not_final_and_until_when_to_object(calculated, oracle):
    document = Document.objects.get(settlement=calculated, partner=oracle.partners["A"])

    told = text_of(document)

    assert "PROVISIONAL – not final" in told
    assert "Provisional statement" in told
    assert "Please pay nothing" in told
    assert "600.80" in told
    # Closed on 8 February 2027; noon of the third business day after it.
    assert document.content["objection_until_at"].startswith("2027-02-11T11:00")


def test_the_final_one_replaces_it_and_names_it(calculated, oracle):
    provisional = Document.objects.get(settlement=calculated, partner=oracle.partners["A"])
    system = PartnerSystem(PartyOwnership.objects.filter(partner=oracle.partners["A"])[0].party)
    before = system.get(STATEMENTS, status="PROVISIONAL").json()["results"]

    final = next(one for one in released(calculated) if one.partner_id == provisional.partner_id)

    assert [(row["number"], row["is_replaced"]) for row in before] == [(provisional.number, False)]
    assert final.number.endswith("-000001")
    assert f"replaces {provisional.number}" in " ".join(text_of(final).split())
    [row] = system.get(STATEMENTS).json()["results"]
    assert (row["number"], row["status"]) == (final.number, "FINAL")
    assert row["other_status_id"] == str(provisional.pk)
    detail = system.get(f"{STATEMENTS}{provisional.pk}/").json()
    assert (detail["status"], detail["is_replaced"]) == ("PROVISIONAL", True)
    assert detail["other_status_id"] == str(final.pk)
    parts = ("receivable_minor", "vat_minor", "adjustments_minor", "carried_minor")
    less = ("payable_minor", "fees_minor", "fee_vat_minor")
    added = sum(row[name] for name in parts) - sum(row[name] for name in less)
    assert added == row["net_minor"] == 60080


def test_the_list_of_final_ones_does_not_show_it(calculated, oracle):
    system = PartnerSystem(PartyOwnership.objects.filter(partner=oracle.partners["A"])[0].party)

    assert system.get(STATEMENTS).json()["results"] == []
    assert system.get(STATEMENTS, status="DRAFT").json()["code"] == "PARAMETERS_INVALID"


def test_a_cancelled_calculation_takes_it_back_and_a_new_one_gives_another(calculated, oracle):
    settling.cancel(calculated, reason="a fee is missing", now=BUSINESS_DAY_6)
    again = close_window(calculated.window, now=BUSINESS_DAY_6).settlement
    system = PartnerSystem(PartyOwnership.objects.filter(partner=oracle.partners["A"])[0].party)

    rows = system.get(STATEMENTS, status="PROVISIONAL").json()["results"]

    assert again.pk != calculated.pk
    assert [row["is_replaced"] for row in rows] == [False, True]


def test_a_group_that_no_longer_waits_for_two_persons_issues_what_is_calculated_anew(calculated):
    settling.cancel(calculated, reason="a fee is missing", now=BUSINESS_DAY_6)
    group = calculated.window.group
    group.release = "AUTOMATIC"
    group.save()

    closing = close_window(calculated.window, now=BUSINESS_DAY_6)

    assert closing.settlement.state == "ISSUED"
    assert (len(closing.documents), closing.provisional) == (3, [])


def test_strangers_see_none_and_the_portal_shows_its_own(client, calculated, oracle):
    own = Document.objects.get(settlement=calculated, partner=oracle.partners["A"])
    render_document(own, now=BUSINESS_DAY_6)
    stranger = PartnerSystem(laterne())
    assert stranger.get(STATEMENTS, status="PROVISIONAL").json()["results"] == []
    for address in (f"{STATEMENTS}{own.pk}/", f"{STATEMENTS}{own.pk}/pdf"):
        assert stranger.get(address).status_code == 404
    pdf = reverse("portal:statement-pdf", args=[own.pk])

    client.force_login(PartnerUserMaker(partner=oracle.partners["A"]))
    page = client.get(reverse("portal:statements")).content.decode()
    assert "Provisional, not final" in page
    assert own.number in page
    assert client.get(pdf).status_code == 200
    client.force_login(PartnerUserMaker(partner=oracle.partners["B"]))
    assert own.number not in client.get(reverse("portal:statements")).content.decode()
    assert client.get(pdf).status_code == 404


@pytest.mark.violates("provisional_statement_is_marked_as_such")
def test_a_provisional_one_cannot_take_a_number(calculated):
    with pytest.raises(IntegrityError, match="provisional_statement_is_marked_as_such"):
        Document.objects.create(
            number="ST-2027-000009",
            kind="PROVISIONAL",
            partner=calculated.positions.first().partner,
            settlement=calculated,
            content={},
            content_sha256="ab" * 32,
            issued_at=BUSINESS_DAY_6,
        )


def test_the_close_page_shows_differences_and_keeps_nothing(client, oracle):
    client.force_login(User.objects.create(username="mia", is_staff=True, is_superuser=True))
    window = oracle.group.windows.filter(state="OPEN").earliest("supply_ends_at")

    page = client.get(reverse("admin:billing_clearingwindow_close", args=[window.pk]))

    told = page.content.decode()
    assert "Last settlement" in told
    assert "600.80" in told
    assert (Settlement.objects.count(), Document.objects.count()) == (0, 0)
