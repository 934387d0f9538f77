"""Daily manifests both ways: ours written once, a partner's compared, differences told."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roaming.models import Alert, Authorization, Delivery, Manifest, SdrState
from roaming.rules.manifest import NOTHING, Totals, content_sha256, differences, totals_of
from roaming.services import manifests
from tests import makers
from tests.makers import NOON, later, numbered_record
from tests.roaming.partner_systems import EVERY_SCOPE, PartnerSystem

URL = "/api/v1/manifests/"
DAY = date(2026, 11, 14)
MORNING_AFTER = later(hours=13)
SCOPES = (*EVERY_SCOPE, "manifest:write")


def line(number, energy="18.4", amount="9.02"):
    return (f"NLX-{number:05d}", Decimal(energy), Decimal(amount))


@pytest.fixture
def agreement(db):
    return makers.AgreementMaker()


@pytest.fixture
def two_records(agreement):
    makers.take(numbered_record(2), numbered_record(1, energy_kwh="18.300"))


def write(now=MORNING_AFTER):
    return manifests.write_due(now=now)["written"]


class TestOurs:
    def test_counts_the_day_per_pair_and_currency(self, two_records):
        makers.take(numbered_record(3, energy_kwh="-1"), numbered_record(4, csp_id="IT*ZZZ"))

        assert write() == 2

        known = Manifest.objects.get(buyer=makers.voltaire())
        assert (known.author, known.day, known.currency) == ("HOUSE", DAY, "EUR")
        assert (known.sdrs, known.energy_kwh, known.amount) == (
            2,
            Decimal("36.7"),
            Decimal("18.04"),
        )
        assert known.content_sha256 == content_sha256([line(1, energy="18.3"), line(2)])
        assert Manifest.objects.get(buyer__isnull=True).sdrs == 1

    def test_is_owed_to_both_sides_once(self, two_records):
        write()

        owed = Delivery.objects.filter(kind="MANIFEST", sequence__isnull=False)
        assert {one.receiver for one in owed} == {makers.nordlicht(), makers.voltaire()}
        assert write(later(hours=14)) == 0
        assert (owed.count(), Manifest.objects.count()) == (2, 1)

    def test_waits_an_hour_after_midnight(self, two_records):
        assert write(later(hours=12, minutes=59)) == 0
        assert write(later(hours=13)) == 1

    def test_is_made_up_for_a_week(self, two_records):
        assert write(later(days=7, hours=12)) == 1
        assert [one.day for one in Manifest.objects.all()] == [DAY]

    def test_killed_before_its_commit_leaves_nothing_and_is_run_again(
        self, two_records, monkeypatch
    ):
        monkeypatch.setattr(Delivery.objects, "bulk_create", _killed)
        with pytest.raises(KeyboardInterrupt):
            write()
        assert not Manifest.objects.exists()
        monkeypatch.undo()

        assert write() == 1
        assert Delivery.objects.filter(kind="MANIFEST").count() == 2

    def test_counts_a_record_that_found_its_buyer_later(self, db):
        makers.nordlicht()
        [held] = makers.take(numbered_record(1))
        SdrState.objects.filter(id=held.record_id).update(buyer=makers.voltaire())

        write()

        assert Manifest.objects.get().buyer == makers.voltaire()


def _killed(*arguments, **options):
    raise KeyboardInterrupt


class TestUnbilled:
    def grant(self, reference, **changes):
        own = {
            "csp": makers.voltaire(),
            "cso": makers.nordlicht(),
            "is_granted": True,
            "authorized_at": NOON - timedelta(hours=3),
        }
        return Authorization.objects.create(reference=reference, **(own | changes))

    def test_names_grants_without_a_record_after_48_hours(self, agreement):
        self.grant("A-billed-by-reference")
        self.grant("A-billed-by-session", service_session_id="S-00002")
        self.grant("A-refused", is_granted=False)
        self.grant("A-forgotten", service_session_id="S-99999")
        self.grant("A-rejected")
        makers.take(
            numbered_record(1, authorization_reference="A-billed-by-reference"),
            numbered_record(2),
            numbered_record(3, authorization_reference="A-rejected", energy_kwh="-1"),
        )

        assert write() == 1
        assert Manifest.objects.get().unbilled_authorizations == []
        assert write(later(days=2, hours=13)) == 1

        late = Manifest.objects.latest("id")
        assert (late.day, late.currency, late.sdrs) == (date(2026, 11, 16), "", 0)
        assert late.unbilled_authorizations == ["A-forgotten", "A-rejected"]
        assert (late.seller, late.buyer) == (makers.nordlicht(), makers.voltaire())

    def test_shares_the_row_of_records_without_a_currency(self, agreement):
        self.grant("A-forgotten", authorized_at=NOON - timedelta(days=2))
        makers.take(numbered_record(1, currency=None, total_amount=None, items=None))

        assert write() == 1
        row = Manifest.objects.get()
        assert (row.currency, row.sdrs, row.unbilled_authorizations) == ("", 1, ["A-forgotten"])


@pytest.mark.usefixtures("quick_secrets")
class TestTheirs:
    @pytest.fixture
    def nordlicht(self, two_records, noon):
        noon.move_to(MORNING_AFTER)
        return PartnerSystem(makers.nordlicht(), scopes=SCOPES)

    def state(self, system, **changes):
        own = {
            "day": str(DAY),
            "cso_id": "DE*NLX",
            "csp_id": "FR*VOL",
            "currency": "EUR",
            "sdrs": 2,
            "energy_kwh": "36.7",
            "amount": "18.04",
        }
        return system.post(URL, json.dumps(own | changes).encode())

    def test_that_agrees_is_kept_and_raises_nothing(self, nordlicht):
        answer = self.state(
            nordlicht,
            content_sha256=content_sha256([line(1, energy="18.3"), line(2)]),
            sdr_ids=["NLX-00001", "NLX-00002"],
        )

        assert answer.status_code == 200, answer.content
        told = answer.json()
        assert (told["agrees"], told["differs"], told["missing_here"]) == (True, [], [])
        assert told["here"]["energy_kwh"] == "36.7"
        kept = Manifest.objects.get()
        assert (kept.author, kept.sender, kept.sdrs) == ("PARTNER", nordlicht.partner, 2)
        assert not Alert.objects.exists()

    def test_that_differs_raises_an_alert_which_names_pair_day_and_ids(self, nordlicht):
        told = self.state(
            nordlicht, sdrs=3, amount="27.06", sdr_ids=["NLX-00002", "NLX-00007", "NLX-00009"]
        ).json()

        assert (told["agrees"], told["differs"]) == (False, ["sdrs", "amount"])
        assert told["missing_here"] == ["NLX-00007", "NLX-00009"]
        assert told["unknown_to_you"] == ["NLX-00001"]
        alert = Alert.objects.get()
        assert (alert.kind, alert.party, alert.partner) == (
            "MANIFEST",
            makers.nordlicht(),
            nordlicht.partner,
        )
        assert alert.text == (
            "DE*NLX states for 2026-11-14, DE*NLX to FR*VOL: 3 records of 36.7 kWh and 27.06 EUR;"
            " here are 2 of 36.7 kWh and 18.04 EUR. Not here: NLX-00007, NLX-00009. Only here:"
            " NLX-00001."
        )
        [news] = Delivery.objects.filter(kind="ALERT")
        assert (news.receiver, news.subject_id) == (makers.nordlicht(), alert.pk)
        assert news.sequence is not None

    def test_that_agrees_later_closes_the_alert(self, nordlicht, noon):
        self.state(nordlicht, sdrs=3)
        noon.shift(timedelta(minutes=1))
        self.state(nordlicht, sdrs=4)
        assert Alert.objects.filter(closed_at__isnull=True).count() == 1

        noon.move_to(later(hours=13, minutes=30))
        self.state(nordlicht)

        assert Alert.objects.get().closed_at == later(hours=13, minutes=30)

    def test_of_the_buyer_is_compared_with_the_same_records(self, nordlicht, noon):
        voltaire = PartnerSystem(makers.voltaire(), scopes=SCOPES)

        assert self.state(voltaire).json()["agrees"] is True
        noon.shift(timedelta(minutes=1))
        assert self.state(voltaire, sdrs=1).json()["agrees"] is False
        assert Alert.objects.get().party == makers.voltaire()

    def test_of_a_pair_without_records_is_compared_with_nothing(self, nordlicht):
        makers.fjell()
        told = self.state(nordlicht, csp_id="NO*FJL").json()

        assert told["differs"] == ["sdrs", "energy_kwh", "amount"]

    def test_of_a_day_that_is_not_over_is_refused(self, nordlicht):
        answer = self.state(nordlicht, day="2026-11-15")

        assert (answer.status_code, answer.json()["code"]) == (422, "MANIFEST_DAY_NOT_OVER")
        assert not Manifest.objects.exists()

    @pytest.mark.parametrize(
        "changes",
        [
            {"day": "yesterday"},
            {"day": "9999-12-31"},
            {"sdrs": -1},
            {"energy_kwh": "NaN"},
            {"amount": "1e99"},
            {"amount": "0.0000001"},
            {"currency": "EURO"},
            {"content_sha256": "ab"},
            {"sdr_ids": ["a\u0000b"]},
            {"surprise": 1},
        ],
    )
    def test_that_cannot_be_read_is_refused(self, nordlicht, changes):
        answer = self.state(nordlicht, **changes)

        assert (answer.status_code, answer.json()["code"]) == (400, "BODY_UNREADABLE")

    @pytest.mark.parametrize(
        "changes", [{"csp_id": "IT*ZZZ"}, {"cso_id": "NL*PLD"}, {"cso_id": ""}]
    )
    def test_about_a_party_that_is_not_there_is_refused(self, nordlicht, changes):
        answer = self.state(nordlicht, **changes)

        assert (answer.status_code, answer.json()["code"]) == (404, "PARTY_NOT_FOUND")

    def test_needs_its_scope(self, nordlicht):
        writer = PartnerSystem(makers.nordlicht(), scopes=("sdr:write", "sdr:read"))

        assert self.state(writer).status_code == 403


@pytest.mark.usefixtures("quick_secrets")
class TestReading:
    @pytest.fixture
    def written(self, two_records, noon):
        noon.move_to(MORNING_AFTER)
        write()

    @pytest.mark.parametrize("who", [makers.nordlicht, makers.voltaire])
    def test_shows_either_side_the_same(self, written, who):
        system = PartnerSystem(who(), scopes=SCOPES)

        [entry] = system.get(URL, day="2026-11-14").json()["results"]
        assert (entry["author"], entry["cso_id"], entry["csp_id"]) == ("HOUSE", "DE*NLX", "FR*VOL")
        assert (entry["sdrs"], entry["energy_kwh"], entry["amount"]) == (2, "36.7", "18.04")
        assert system.get(f"{URL}{entry['manifest_id']}/").json() == entry
        assert system.get(URL, day="2026-11-13").json()["results"] == []

    def test_shows_a_stranger_nothing(self, written):
        laterne = PartnerSystem(makers.laterne(), scopes=SCOPES)
        theirs = Manifest.objects.get()

        assert laterne.get(URL).json() == {"results": [], "next": None}
        assert laterne.get(f"{URL}{theirs.pk}/").status_code == 404
        refused = TestTheirs().state(laterne)
        assert (refused.status_code, refused.json()["code"]) == (404, "PARTY_NOT_FOUND")

    def test_does_not_show_the_other_side_what_one_stated(self, written):
        TestTheirs().state(PartnerSystem(makers.nordlicht(), scopes=SCOPES), sdrs=3)
        voltaire = PartnerSystem(makers.voltaire(), scopes=SCOPES)

        assert [one["author"] for one in voltaire.get(URL).json()["results"]] == ["HOUSE"]

    def test_is_paged(self, written):
        nordlicht = PartnerSystem(makers.nordlicht(), scopes=SCOPES)
        TestTheirs().state(nordlicht)

        page = nordlicht.get(URL, limit=1).json()
        rest = nordlicht.http.get(page["next"], headers=nordlicht.headers).json()
        authors = [one["author"] for one in page["results"] + rest["results"]]
        assert (authors, rest["next"]) == (["PARTNER", "HOUSE"], None)
        assert nordlicht.get(URL, cursor="x").status_code == 400


_FIGURE = st.decimals(min_value=-1000, max_value=1000, places=3)
_LINES = st.lists(
    st.tuples(st.text("abcÄ0-_.;", min_size=1, max_size=5), _FIGURE, _FIGURE), max_size=8
)
at_leisure = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@at_leisure
@given(_LINES, st.randoms())
def test_the_hash_does_not_depend_on_order(lines, random):
    shuffled = random.sample(lines, len(lines))

    assert content_sha256(shuffled) == content_sha256(lines)
    assert differences(totals_of(shuffled), totals_of(lines)) == []


@at_leisure
@given(_LINES, st.tuples(st.text("abc", min_size=1), _FIGURE, _FIGURE))
def test_a_record_more_is_always_noticed(lines, more):
    assert "sdrs" in differences(totals_of([*lines, more]), totals_of(lines))


def test_nothing_differs_from_something_but_not_from_nothing():
    assert differences(NOTHING, NOTHING) == []
    one = Totals(sdrs=1, energy_kwh=Decimal(0), amount=Decimal(0))
    assert differences(one, NOTHING) == ["sdrs"]
