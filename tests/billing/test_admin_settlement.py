"""The settlement's page: each figure is re-added from the rows it links to; two persons release."""

import re
from collections.abc import Callable
from html import unescape

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse

from billing.admin.amounts import amount
from billing.models import Document, Settlement, Transfer
from billing.services import releases
from billing.services.closing import close_window
from billing.services.fx import import_ecb_csv
from partners.models import Approval, AuditEvent, TaxRegistration, User
from partners.queries import clearing_house
from partners.services.approvals import NotDecidable
from tests.billing.oracle_world import (
    BUSINESS_DAY_3,
    BUSINESS_DAY_6,
    a_record,
    an_oracle,
    january,
)
from tests.flows.test_one_position import RATES, SEPTEMBER, close_both, two_worlds
from tests.makers import approver, take

pytestmark = pytest.mark.django_db

LINK = re.compile(r'data-figure="(\w+)" href="([^"]+)">([^<]+)<')
# How each figure follows from the rows that its link shows; ``who`` is the partner of the line.
ADDED: dict[str, Callable] = {
    "claims": lambda rows, _: sum(row.claim_minor for row in rows),
    "receivable": lambda rows, _: sum(row.net_minor for row in rows),
    "payable": lambda rows, _: sum(row.net_minor for row in rows),
    "vat": lambda rows, who: sum(
        row.vat_minor if str(row.supplier_id) == who else -row.vat_minor for row in rows
    ),
    "fees": lambda rows, _: sum(row.net_minor for row in rows),
    "fee_vat": lambda rows, _: sum(row.vat_minor for row in rows),
    "net": lambda rows, _: sum(row.net_minor for row in rows),
    "due": lambda rows, who: sum(
        row.amount_minor if str(row.payee_id) == who else -row.amount_minor for row in rows
    ),
    "carried": lambda rows, _: sum(row.carried_on_minor for row in rows),
    "pair": lambda rows, _: sum(row.net_minor + row.vat_minor for row in rows),
    "pair_before": lambda rows, _: sum(row.net_minor + row.vat_minor for row in rows),
    "exchanged": lambda rows, _: sum(row.moved_minor for row in rows),
    "due_elsewhere": lambda rows, _: sum(row.from_minor for row in rows),
    "becomes": lambda rows, _: sum(row.to_minor for row in rows),
    "instruction": lambda rows, _: sum(row.amount_minor for row in rows),
    "supply_net": lambda rows, _: sum(row.net_minor for row in rows),
    "supply_vat": lambda rows, _: sum(row.vat_minor for row in rows),
    "fee": lambda rows, _: sum(row.amount_minor for row in rows),
    "blocked": lambda rows, _: sum(row.amount_minor for row in rows),
    "transfers": lambda rows, _: sum(row.amount_minor for row in rows),
}


def staff(name: str, **rights: object) -> User:
    return User.objects.create(username=name, is_staff=True, **{"is_superuser": True, **rights})


def page_of(settlement: Settlement, name: str = "change") -> str:
    return reverse(f"admin:billing_settlement_{name}", args=[settlement.pk])


def followed(client, html: str) -> dict[str, int]:
    """Follow every figure, re-add its rows, and count how many of each kind there were."""
    seen: dict[str, int] = {}
    for name, url, told in LINK.findall(html):
        url = unescape(url)
        listed = client.get(url)
        assert listed.status_code == 200, url
        who = re.search(r"(?:side|supplier__id__exact|partner__id__exact)=([0-9a-f-]{36})", url)
        rows = listed.context["cl"].queryset
        currency = unescape(told)[-3:]
        figure = amount(ADDED[name](rows, who.group(1) if who else None), currency)
        if name == "adjustments" and not who:
            figure = figure.replace("-", "")
        assert figure == unescape(told), (name, url)
        seen[name] = seen.get(name, 0) + 1
    return seen


@pytest.fixture
def people():
    """Two superusers who were made approvers, too."""
    return approver("mia"), approver("kai")


class TestFigures:
    def test_each_leads_to_rows_that_add_up_to_it(self, client, people):
        oracle = an_oracle()
        january(oracle)
        settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
        client.force_login(people[0])

        html = client.get(page_of(settlement)).content.decode()
        seen = followed(client, html)

        assert seen["receivable"] == 4  # three partners and the house
        assert (seen["net"], seen["pair"], seen["instruction"]) == (4, 6, 3)
        assert {"payable", "vat", "fees", "fee_vat", "due", "claims"} <= set(seen)
        assert {"supply_net", "supply_vat", "fee", "transfers"} <= set(seen)
        for figure in ("600.80", "-642.13", "-75.20", "116.53"):
            assert figure in html.replace("−", "-"), figure

    def test_its_statements_are_no_invoices(self, client, people):
        oracle = an_oracle()
        january(oracle)
        settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
        Document.objects.create(
            number="CH-INV-2027-000001",
            kind="INVOICE",
            environment="LIVE",
            partner=clearing_house(),
            settlement=settlement,
            content={},
            content_sha256="0" * 64,
            issued_at=BUSINESS_DAY_6,
        )
        client.force_login(people[0])

        html = client.get(page_of(settlement)).content.decode()

        assert "CH-INV-2027-000001" not in html

    def test_of_what_is_exchanged_lead_there_in_both_currencies(self, client, people):
        import_ecb_csv(RATES.encode(), now=SEPTEMBER)
        two_worlds()
        settled = close_both()
        client.force_login(people[0])

        pages = {
            currency: client.get(page_of(settlement)).content.decode()
            for currency, settlement in settled.items()
        }

        assert followed(client, pages["CHF"])["becomes"] == 4
        seen = followed(client, pages["EUR"])
        assert (seen["exchanged"], seen["due_elsewhere"]) == (4, 4)
        # Francs and euros of the same posting are two lines.
        assert "201.50 CHF" in pages["CHF"]
        assert "216.06 EUR" in pages["CHF"]
        assert ">Exchanged<" in pages["EUR"]
        assert ">Exchanged<" not in pages["CHF"]

    def test_records_behind_a_supply_are_those_of_its_pair(self, client, people):
        oracle = an_oracle()
        january(oracle)
        settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
        client.force_login(people[0])

        for supply in settlement.supplies.filter(is_service=False):
            url = reverse("admin:billing_taxedsupply_change", args=[supply.pk])
            story = client.get(url).context["story"]
            rows = client.get(story.actions[0].url).context["cl"].queryset
            assert sum(row.claim_minor for row in rows) == supply.net_minor
            assert rows.count() == supply.sdrs

    def test_lists_add_up_what_they_are_narrowed_to(self, client, people):
        oracle = an_oracle()
        january(oracle)
        settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
        client.force_login(people[0])

        url = reverse("admin:billing_taxedsupply_changelist")
        page = client.get(f"{url}?settlement__id__exact={settlement.pk}&is_service__exact=1")

        assert page.context["totals"] == [("Without VAT", "109.80 EUR"), ("VAT", "6.73 EUR")]
        html = page.content.decode()
        for told in ("109.80 EUR", "Reverse charge, NL", "Standard rate 19 %, DE"):
            assert told in html

    def test_a_supply_tells_its_lines_in_words(self, client, people):
        oracle = an_oracle()
        january(oracle)
        settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
        client.force_login(people[0])
        supply = settlement.supplies.get(
            supplier=oracle.partners["A"], customer=oracle.partners["B"]
        )

        url = reverse("admin:billing_taxedsupply_change", args=[supply.pk])
        table = client.get(url).context["story"].sections[2]

        assert table.headers[:2] == ["Supply month", "Kind"]
        assert table.rows[0][:2] == ["January 2027", "Electricity with what belongs to it"]
        assert "1,472" in table.rows[0]

    def test_a_monthly_fee_is_told_exactly_and_in_its_currency(self, client, people):
        oracle = an_oracle()
        january(oracle)
        settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
        client.force_login(people[0])
        line = settlement.fee_lines.filter(component__code="month").first()

        page = client.get(reverse("admin:billing_feeline_change", args=[line.pk]))

        assert "exactly 25.00 EUR before it is rounded" in page.content.decode()

    def test_of_what_is_blocked_and_carried_lead_there_too(self, client, people):
        oracle = an_oracle(with_fees=False, minimum_payment_minor=700)
        TaxRegistration.objects.filter(partner=oracle.partners["B"]).update(
            check_number="", check_date=None
        )
        for number, buyer, cents in ((1, "B", 1000), (2, "C", 500)):
            take(
                a_record(oracle, "A", buyer, number=number, cents=cents),
                sender=oracle.sellers["A"],
                received_at=BUSINESS_DAY_3,
            )
        first = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
        client.force_login(people[0])

        html = client.get(page_of(first)).content.decode()

        assert followed(client, html)["blocked"] == 1
        assert "Blocked" in html

    def test_cost_few_queries_however_many_pairs(
        self, client, people, django_assert_max_num_queries
    ):
        oracle = an_oracle()
        january(oracle)
        settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
        client.force_login(people[0])

        with django_assert_max_num_queries(14):
            client.get(page_of(settlement))


class TestRelease:
    @pytest.fixture(autouse=True)
    def clock(self):
        with time_machine.travel(BUSINESS_DAY_6, tick=False):
            yield

    @pytest.fixture
    def calculated(self):
        oracle = an_oracle(release="TWO_PERSONS")
        january(oracle)
        return close_window(oracle.group, now=BUSINESS_DAY_6).settlement

    def test_by_two_persons_who_see_the_same_preview(self, client, calculated, people):
        mia, kai = people
        client.force_login(mia)
        asking = client.get(page_of(calculated, "request")).content.decode()
        client.post(page_of(calculated, "request"), {"reason": "month-end checked"})
        own = client.get(page_of(calculated, "approve")).content.decode()
        client.force_login(kai)
        deciding = client.get(page_of(calculated, "approve")).content.decode()
        assert not Transfer.objects.exists()
        assert not Document.objects.exclude(kind="PROVISIONAL").exists()
        client.post(page_of(calculated, "approve"), {"reason": "figures agree"})

        calculated.refresh_from_db()
        assert "a second person must decide" in own
        assert calculated.preview_sha256 in asking
        assert calculated.preview_sha256 in deciding
        assert "cannot be undone" in deciding
        for page in (asking, deciding):
            assert "600.80" in page
        assert (calculated.state, calculated.approval.checker) == ("ISSUED", kai)
        assert Document.objects.filter(settlement=calculated, kind="STATEMENT").count() == 3
        assert [
            (event.action, event.actor, event.reason)
            for event in AuditEvent.objects.order_by("at", "id")
        ] == [
            ("settlement.release_requested", "mia", "month-end checked"),
            ("settlement.released", "kai", "figures agree"),
        ]

    def test_who_asked_does_not_release(self, client, calculated, people):
        client.force_login(people[0])
        client.post(page_of(calculated, "request"), {"reason": "month-end"})

        page = client.post(page_of(calculated, "approve"), {"reason": "let it out"})

        assert "a second person must decide" in page.content.decode()
        calculated.refresh_from_db()
        assert calculated.state == "CALCULATED"

    def test_a_no_leaves_it_calculated(self, client, calculated, people):
        client.force_login(people[0])
        client.post(page_of(calculated, "request"), {"reason": "month-end"})
        client.force_login(people[1])
        client.post(page_of(calculated, "refuse"), {"reason": "a fee is missing"})

        page = client.get(page_of(calculated)).content.decode()

        calculated.refresh_from_db()
        assert calculated.state == "CALCULATED"
        assert "Ask for the release" in page

    def test_cancelled_with_a_reason_and_calculated_anew_needs_a_new_yes(
        self, client, calculated, people, monkeypatch
    ):
        monkeypatch.setattr("partners.tasks.run_queued_jobs.delay", lambda: None)
        client.force_login(people[0])
        client.post(page_of(calculated, "request"), {"reason": "month-end"})
        client.post(page_of(calculated, "cancel"), {"reason": "a fee was missing"})
        client.force_login(people[1])
        late = client.post(page_of(calculated, "approve"), {"reason": "too late"})
        ordered = client.post(page_of(calculated, "recalculate"), {"reason": "fee entered"})

        calculated.refresh_from_db()
        assert (calculated.state, calculated.cancel_reason) == ("CANCELLED", "a fee was missing")
        assert "The settlement is cancelled" in late.content.decode()
        assert "/admin/partners/job/" in ordered.url
        again = close_window(calculated.window, now=BUSINESS_DAY_6).settlement
        page = client.get(page_of(again)).content.decode()
        assert "Ask for the release" in page

    def test_needs_the_right_to_change_settlements(self, client, calculated):
        reader = staff("lena", is_superuser=False)
        reader.user_permissions.add(Permission.objects.get(codename="view_settlement"))
        client.force_login(reader)

        answers = {
            name: client.get(page_of(calculated, name)).status_code
            for name in ("request", "approve", "refuse", "cancel", "recalculate")
        }

        assert set(answers.values()) == {403}
        assert "Ask for the release" not in client.get(page_of(calculated)).content.decode()

    def test_finance_without_the_approvers_right_releases_nothing(self, client, calculated, people):
        client.force_login(people[0])
        client.post(page_of(calculated, "request"), {"reason": "month-end"})
        finance = staff("fiona", is_superuser=False)
        rights = Permission.objects.filter(codename__in=["view_settlement", "change_settlement"])
        finance.user_permissions.set(rights)
        client.force_login(finance)

        page = client.get(page_of(calculated)).content.decode()
        posted = client.post(page_of(calculated, "approve"), {"reason": "let it out"})

        assert (posted.status_code, "An approver decides" in page) == (403, True)
        assert client.post(page_of(calculated, "refuse"), {"reason": "no"}).status_code == 403
        assert "Look at it and release" not in page
        calculated.refresh_from_db()
        assert calculated.state == "CALCULATED"

    def test_a_superuser_who_is_no_approver_releases_nothing(self, client, calculated, people):
        client.force_login(people[0])
        client.post(page_of(calculated, "request"), {"reason": "month-end"})
        root = staff("root")
        client.force_login(root)

        page = client.get(page_of(calculated)).content.decode()
        posted = client.post(page_of(calculated, "approve"), {"reason": "I may do all"})

        assert (posted.status_code, "An approver decides" in page) == (403, True)
        asked = Approval.objects.get()
        facts = {"reason": "I may do all", "checker": root, "now": BUSINESS_DAY_6}
        with pytest.raises(NotDecidable, match="being a superuser"):
            releases.approve_and_release(calculated, asked.pk, **facts)
        with pytest.raises(NotDecidable, match="being a superuser"):
            releases.refuse_release(calculated, asked.pk, **facts)
        calculated.refresh_from_db()
        assert calculated.state == "CALCULATED"

    def test_an_approver_releases_and_asks_for_nothing(self, client, calculated, people):
        approver = staff("anna", is_superuser=False)
        rights = Permission.objects.filter(codename__in=["view_settlement", "approve_settlement"])
        approver.user_permissions.set(rights)
        client.force_login(approver)
        assert client.post(page_of(calculated, "request"), {"reason": "mine"}).status_code == 403
        client.force_login(people[0])
        client.post(page_of(calculated, "request"), {"reason": "month-end"})
        client.force_login(approver)

        client.post(page_of(calculated, "approve"), {"reason": "figures agree"})

        calculated.refresh_from_db()
        assert (calculated.state, calculated.approval.checker) == ("ISSUED", approver)


class TestAdjustments:
    URL = reverse("admin:billing_manualadjustment_ask")

    @pytest.fixture(autouse=True)
    def clock(self):
        with time_machine.travel(BUSINESS_DAY_3, tick=False):
            yield

    @pytest.fixture
    def oracle(self):
        return an_oracle(with_fees=False)

    def asked(self, client, oracle, **changes):
        window = oracle.group.windows.order_by("supply_ends_at").first()
        form = {
            "window": window.pk,
            "partner": oracle.partners["A"].pk,
            "amount": "-1.50",
            "counter_account": "4190",
            "reason": "reminder fee of December",
        }
        return client.post(self.URL, form | changes)

    def test_is_asked_by_one_and_posted_by_another(self, client, oracle, people):
        client.force_login(people[0])
        page = self.asked(client, oracle).url
        row = oracle.partners["A"].adjustments.get()
        post = reverse("admin:billing_manualadjustment_post", args=[row.pk])
        client.post(post, {"reason": "let it in"})
        row.refresh_from_db()
        assert row.state == "REQUESTED"
        client.force_login(people[1])
        assert "You can decide" in client.get(page).content.decode()
        client.post(post, {"reason": "seen the letter"})

        row.refresh_from_db()
        assert (row.state, row.amount_minor, row.approval.checker) == ("POSTED", -150, people[1])
        settlement = close_window(row.window, now=BUSINESS_DAY_6).settlement
        ADDED["adjustments"] = lambda rows, _: sum(line.amount_minor for line in rows)
        html = client.get(page_of(settlement)).content.decode()
        assert followed(client, html)["adjustments"] == 2

    def test_says_when_nobody_decided_in_time(self, client, oracle, people):
        client.force_login(people[0])
        page = self.asked(client, oracle).url
        row = oracle.partners["A"].adjustments.get()
        post = reverse("admin:billing_manualadjustment_post", args=[row.pk])
        client.force_login(people[1])

        with time_machine.travel(row.approval.expires_at, tick=False):
            html = client.get(page).content.decode()
            listed = client.get(reverse("admin:billing_manualadjustment_changelist"))
            client.post(post, {"reason": "late"})

        assert "Ask for it again" in html
        assert "You can decide" not in html
        assert "EXPIRED" in listed.content.decode()
        row.refresh_from_db()
        assert row.posted_at is None

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"amount": "0"}, "Zero adjusts nothing"),
            ({"amount": "1.505"}, "no such small amounts"),
            ({"reason": "no"}, "at least 5"),
            ({"counter_account": "1800"}, "Select a valid choice"),
        ],
    )
    def test_says_what_is_wrong_at_the_field(self, client, oracle, people, changes, told):
        client.force_login(people[0])

        page = self.asked(client, oracle, **changes)

        assert page.status_code == 200
        assert told in page.content.decode()
        assert not oracle.partners["A"].adjustments.exists()

    def test_refused_is_not_posted(self, client, oracle, people):
        client.force_login(people[0])
        self.asked(client, oracle)
        row = oracle.partners["A"].adjustments.get()
        client.force_login(people[1])
        client.post(
            reverse("admin:billing_manualadjustment_refuse", args=[row.pk]),
            {"reason": "no such letter"},
        )

        row.refresh_from_db()
        assert row.state == "REFUSED"
