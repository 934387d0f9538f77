"""Locations are kept as told: the newest counts, repeats are no news, what vanished is marked."""

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming.messages.locations import EvseFacts, LocationFacts
from roaming.models import Evse, Location, LocationEvse
from roaming.rules.location_change import Told, word_of
from roaming.services import locations, registries
from roaming.services.locations import LocationUnknown
from roaming.services.registries import Sender
from tests import makers
from tests.examples import asked_of_the_database
from tests.makers import NOON, later

pytestmark = pytest.mark.django_db
VOLATILE = ("told_at",)


def evse(uid: str = "E1", *, at=NOON, status: str = "AVAILABLE", **changes) -> EvseFacts:
    fields = {
        "evse_uid": uid,
        "evse_id": f"DE*NLX*{uid}",
        "status": status,
        "status_at": at,
        "connector_types": ("IEC_62196_T2",),
        "current_type": "AC",
        "max_power_kw": Decimal("22"),
        "updated_at": at,
        "document": {"uid": uid, "status": status, "told_at": at.isoformat()},
    }
    return EvseFacts(**(fields | changes))


def place(*evses: EvseFacts, id_: str = "LOC1", at=NOON, **changes) -> LocationFacts:
    fields = {
        "location_id": id_,
        "name": "Harbour",
        "city": "Kiel",
        "country_code": "DE",
        "latitude": Decimal("54.3233"),
        "longitude": Decimal("10.1394"),
        "time_zone": "Europe/Berlin",
        "updated_at": at,
        "evses": evses or (evse(at=at),),
        "document": {"id": id_, "told_at": at.isoformat(), "price": Decimal("0.30")},
        "document_format": "X 1",
    }
    return LocationFacts(**(fields | changes))


def put(facts: LocationFacts, cso=None, now=NOON) -> str:
    return locations.put_location(facts, cso or makers.nordlicht(), now=now, volatile=VOLATILE).word


def stored() -> Location:
    return Location.objects.get()


class TestALocation:
    def test_is_kept_with_its_evses_and_its_document_as_it_came(self):
        assert put(place(evse("E1"), evse("E2"))) == "created"

        found = stored()
        assert (found.name, found.cso.code, found.updated_at) == ("Harbour", "DE*NLX", NOON)
        assert found.document == {
            "id": "LOC1",
            "told_at": NOON.isoformat(),
            "price": Decimal("0.30"),
        }
        assert str(found.document["price"]) == "0.30"
        assert sorted(found.evses.values_list("evse_uid", flat=True)) == ["E1", "E2"]

    def test_ids_are_compared_without_regard_to_case(self):
        put(place(id_="Loc1"))

        assert put(place(id_="LOC1", at=later(minutes=1))) == "updated"
        assert stored().location_id == "LOC1"

    def test_of_another_cso_with_the_same_id_is_another_one(self):
        put(place())

        assert put(place(), makers.polder()) == "created"
        assert Location.objects.count() == 2

    def test_that_is_older_is_taken_and_ignored(self):
        put(place())

        assert put(place(at=later(minutes=-1), name="Old")) == "older"
        assert (stored().name, stored().updated_at) == ("Harbour", NOON)

    def test_that_only_says_it_anew_is_no_news_and_still_kept(self):
        put(place())
        assert put(place()) == "unchanged"

        assert put(place(at=later(minutes=1))) == "unchanged"
        assert stored().updated_at == later(minutes=1)
        assert stored().document["told_at"] == later(minutes=1).isoformat()

    def test_is_news_when_an_evse_of_it_changed(self):
        put(place())

        assert put(place(evse(status="CHARGING"))) == "updated"

    def test_loses_no_evse_that_it_tells_no_more(self):
        put(place(evse("E1"), evse("E2")))

        assert put(place(evse("E1"), at=later(minutes=1))) == "updated"
        assert list(stored().evses.order_by("evse_uid").values_list("evse_uid", "status")) == [
            ("E1", "AVAILABLE"),
            ("E2", "REMOVED"),
        ]
        again = place(evse("E1"), evse("E2"), at=later(minutes=2))
        assert put(again) == "updated"
        assert not stored().evses.filter(status="REMOVED").exists()

    def test_told_twice_at_once_is_kept_as_it_is_newest(self):
        many = [place(at=later(minutes=2), name="New"), place(name="Old")]

        [told] = locations.put_locations(many, makers.nordlicht(), now=NOON)

        assert (told.word, stored().name) == ("created", "New")

    @asked_of_the_database(25)
    @given(
        times=st.lists(st.integers(0, 2), min_size=2, max_size=4),
        names=st.lists(st.sampled_from("AB"), min_size=4, max_size=4),
        published=st.lists(st.booleans(), min_size=4, max_size=4),
    )
    def test_becomes_what_the_rule_says(self, times, names, published):
        cso, before = makers.nordlicht(), None
        LocationEvse.objects.all().delete()
        Location.objects.all().delete()
        for minutes, name, is_published in zip(times, names, published, strict=False):
            at = later(minutes=minutes)
            facts = place(
                at=at,
                document={"name": name, "told_at": str(minutes)},
                is_published=is_published,
                evses=(),
            )
            told = Told(at, facts.document, (is_published,))

            expected = word_of(before, told, volatile=VOLATILE)
            assert put(facts, cso) == expected
            before = before if expected == "older" else told


class TestAnEvse:
    def test_alone_makes_its_location_newer(self):
        put(place())
        facts = evse(status="CHARGING", at=later(minutes=5))

        told = locations.put_evse(facts, makers.nordlicht(), "loc1", now=NOON, volatile=VOLATILE)

        assert (told.word, stored().updated_at) == ("updated", later(minutes=5))

    def test_of_an_unknown_location_is_refused(self):
        with pytest.raises(LocationUnknown):
            locations.put_evse(evse(), makers.nordlicht(), "LOC9", now=NOON)

    def test_said_again_is_no_news(self):
        put(place())
        facts = evse(at=later(minutes=5))

        told = locations.put_evse(facts, makers.nordlicht(), "LOC1", now=NOON, volatile=VOLATILE)

        assert (told.word, stored().updated_at) == ("unchanged", later(minutes=5))

    def test_that_is_older_changes_nothing(self):
        put(place())
        facts = evse(status="CHARGING", at=later(minutes=-5))

        told = locations.put_evse(facts, makers.nordlicht(), "LOC1", now=NOON)

        assert (told.word, stored().evses.get().status) == ("older", "AVAILABLE")

    def test_has_a_status_for_a_time(self):
        put(place())
        kwargs = {"status_at": later(minutes=1), "until_at": later(minutes=6), "now": NOON}

        first = locations.set_status(makers.nordlicht(), "LOC1", "e1", "CHARGING", **kwargs)
        again = locations.set_status(makers.nordlicht(), "LOC1", "E1", "CHARGING", **kwargs)
        late = locations.set_status(
            makers.nordlicht(), "LOC1", "E1", "AVAILABLE", status_at=NOON, now=NOON
        )

        assert (first.word, again.word, late.word) == ("updated", "unchanged", "older")
        found = stored().evses.get()
        assert (found.status, found.status_until_at) == ("CHARGING", later(minutes=6))
        assert stored().updated_at == later(minutes=1)


class TestAFullLoad:
    def test_marks_what_vanished_and_lets_it_come_back(self):
        cso = makers.nordlicht()
        put(place(id_="A"))
        put(place(evse("E2"), id_="B"))
        put(place(id_="A"), makers.polder())

        told = locations.replace_all(cso, [place(id_="A")], now=later(hours=1), volatile=VOLATILE)

        assert told == (1, 0, 0, 1)
        gone = Location.objects.get(location_id="B")
        assert gone.removed_at == gone.updated_at == later(hours=1)
        assert gone.evses.get().status == "REMOVED"
        assert not Location.objects.get(cso=makers.polder()).removed_at

        assert put(place(evse("E2"), id_="B"), now=later(hours=2)) == "updated"
        gone.refresh_from_db()
        assert gone.removed_at is None
        assert gone.evses.get().status == "AVAILABLE"


class TestTheRegistryThatRulesRead:
    def test_has_an_entry_from_before_any_record(self):
        put(place())

        entry = Evse.objects.get()
        assert (entry.evse_id, entry.starts_at.year, entry.ends_at) == ("DE*NLX*E1", 2000, None)
        assert (entry.country_code, entry.time_zone) == ("DE", "Europe/Berlin")
        assert (entry.current_type, entry.max_power_kw) == ("AC", Decimal("22"))
        assert entry.is_from_location

    def test_follows_the_location(self):
        put(place())
        put(
            place(
                evse(max_power_kw=Decimal("11"), at=later(minutes=1), document={}),
                at=later(minutes=1),
            )
        )

        assert Evse.objects.get().max_power_kw == Decimal("11")

    def test_has_none_of_an_evse_under_another_ones_prefix(self):
        put(place(evse(evse_id="NL*PLD*E1")))

        assert not Evse.objects.exists()

    def test_keeps_what_the_cso_itself_said(self):
        own = Evse.objects.create(
            cso=makers.nordlicht(), evse_id="DE*NLX*E1", starts_at=NOON, country_code="AT"
        )

        put(place())

        assert list(Evse.objects.values_list("pk", "country_code")) == [(own.pk, "AT")]

    def test_gives_way_to_what_the_cso_itself_says_later(self):
        put(place())
        cso = makers.nordlicht()
        sender = Sender(partner=makers.partner_of(cso), environment="LIVE", now=NOON)
        row = {"evse_id": "DENLXE1", "cso_id": "DE*NLX", "starts_at": "2024-01-01T00:00:00Z"}

        [result] = registries.upsert("evses", [row], sender=sender)

        assert result.outcome == "updated"
        entry = Evse.objects.get()
        assert (entry.starts_at.year, entry.is_from_location) == (2024, False)
        put(place(at=NOON + timedelta(minutes=1)))
        assert Evse.objects.get().max_power_kw is None


def test_facts_are_told_to_the_millisecond_and_beyond():
    """An owner's time is kept as exactly as it was told."""
    at = NOON.replace(microsecond=123_456)

    put(msgspec.structs.replace(place(), updated_at=at))

    assert stored().updated_at == at
