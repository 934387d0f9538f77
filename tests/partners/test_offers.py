"""Offers of agreements: steps, terms, what both agreed and nothing else comes into force."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.database_roles import partner_role
from partners.models import AgreementOffer, AuditEvent, Environment, PartnerState, RoamingAgreement
from partners.rules import offers as rules
from partners.services import offer_answers, offers
from partners.services.offers import OfferRefused
from tests.makers import (
    LONG_AGO,
    NOON,
    AgreementMaker,
    GroupMaker,
    later,
    laterne,
    nordlicht,
    partner_of,
    polder,
    voltaire,
)
from tests.partners.offer_world import FEBRUARY, JANUARY, TERMS, joined, offered, person_of, wanted
from tests.roaming.test_at_once import at_once

pytestmark = pytest.mark.django_db
STATES = list(AgreementOffer.State.values)


@contextmanager
def refused(name: str) -> Iterator[None]:
    """Refused by the constraint, or the trigger, of that name."""
    with pytest.raises(DatabaseError) as told, transaction.atomic():
        yield
    assert told.value.__cause__.diag.constraint_name == name


def set_to(offer: AgreementOffer, **fields: object) -> None:
    AgreementOffer.objects.filter(pk=offer.pk).update(**fields)


class TestTheTable:
    def test_ends_with_the_first_answer(self):
        assert {state for state, following in rules.STEPS.items() if following} == {"", "OFFERED"}
        assert set(rules.STEPS) == {"", *STATES}

    def test_gives_each_verb_to_one_side(self):
        assert rules.verbs_of(rules.TAKER, "OFFERED") == ["accept", "decline", "counter"]
        assert rules.verbs_of(rules.MAKER, "OFFERED") == ["withdraw"]
        assert all(not rules.verbs_of(side, s) for side in ("MAKER", "TAKER") for s in STATES[1:])

    @given(days=st.integers(min_value=1, max_value=90))
    def test_an_offer_runs_out_before_it_starts_and_in_thirty_days(self, days):
        ends = rules.runs_out_at(NOON, NOON + timedelta(days=days))
        assert ends == NOON + timedelta(days=min(days, 30))
        assert rules.standing("OFFERED", expires_at=ends, now=ends) == "EXPIRED"
        assert rules.standing("ACCEPTED", expires_at=ends, now=ends) == "ACCEPTED"

    @pytest.mark.parametrize(
        ("changes", "wrong"),
        [
            ({}, {}),
            ({"starts_at": NOON}, {"starts_at": "past"}),
            ({"ends_at": JANUARY}, {"ends_at": "empty_period"}),
            ({"reduction": TERMS.reduction + 1}, {"reduction": "no_fraction"}),
            ({"acceptance_days": 0}, {"acceptance_days": "no_days"}),
            ({"refuse_after_days": 900}, {"refuse_after_days": "too_many_days"}),
        ],
    )
    def test_terms_say_what_is_wrong(self, changes, wrong):
        said = rules.wrong_terms(
            replace(TERMS, **changes),
            now=NOON,
            begun_at=None,
            ended_at=None,
            house_keeps_commission=False,
        )
        assert said == wrong

    @pytest.mark.parametrize(
        ("begun_at", "ended_at", "keeps", "wrong"),
        [
            (JANUARY, None, False, {"starts_at": "before_version"}),
            (LONG_AGO, FEBRUARY, False, {"starts_at": "within_version"}),
            (LONG_AGO, JANUARY, True, {"reduction": "house_commission"}),
        ],
    )
    def test_terms_follow_the_version_before(self, begun_at, ended_at, keeps, wrong):
        said = rules.wrong_terms(
            TERMS, now=NOON, begun_at=begun_at, ended_at=ended_at, house_keeps_commission=keeps
        )
        assert said == wrong


class TestAgreeing:
    def test_puts_the_terms_in_force_when_both_have_said_yes(self):
        offer = offered()
        assert not RoamingAgreement.objects.exists()

        with partner_role():
            offer_answers.accept(offer.pk, by=person_of(voltaire()), now=later(days=1))

        made = RoamingAgreement.objects.get()
        assert (made.seller, made.buyer) == (nordlicht(), voltaire())
        assert (made.in_force_at, made.starts_at) == (later(days=1), JANUARY)
        assert (made.acceptance, made.acceptance_days) == ("DEEMED", 5)
        assert (made.commission_rate, made.commission_beneficiary) == (TERMS.reduction, "BUYER")
        offer.refresh_from_db()
        assert (offer.state, offer.agreement) == ("ACCEPTED", made)
        told = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
        assert set(told) == {
            "agreement_offer.made", "agreement.drafted", "agreement_offer.accepted",
            "agreement.in_force",
        }  # fmt: skip

    def test_a_new_version_takes_over_and_keeps_what_was_not_asked(self):
        before = AgreementMaker(evse_registry="REQUIRED", commission_rate="0.01")
        offer = offered(reduction=TERMS.reduction * 0)
        assert offer.base == before

        with partner_role():
            offer_answers.accept(offer.pk, by=person_of(voltaire()), now=later(days=1))

        after = RoamingAgreement.objects.get(version=2)
        before.refresh_from_db()
        assert (after.number, before.ends_at) == (before.number, JANUARY)
        assert after.evse_registry == "REQUIRED"
        # What the clearing house earns is no matter of the two.
        assert (str(after.commission_rate), after.commission_beneficiary) == (
            "0.010000",
            "CLEARING_HOUSE",
        )

    def test_the_commission_of_the_house_cannot_be_agreed_away(self):
        AgreementMaker(commission_rate="0.01")
        with pytest.raises(OfferRefused) as told:
            offered()
        assert told.value.wrong == {"reduction": "house_commission"}

    def test_nor_by_another_currency_or_service(self):
        AgreementMaker(commission_rate="0.01")
        with pytest.raises(OfferRefused) as told:
            offered(service_class="PARKING")
        assert told.value.wrong == {"reduction": "house_commission"}
        offer = offered(service_class="PARKING", reduction=TERMS.reduction * 0)
        assert offer.base is None
        offer_answers.accept(offer.pk, by=person_of(voltaire()), now=later(days=1))
        made = RoamingAgreement.objects.get(service_class="PARKING")
        assert (str(made.commission_rate), made.commission_beneficiary) == (
            "0.010000",
            "CLEARING_HOUSE",
        )

    def test_a_counter_offer_turns_the_sides_and_is_accepted_in_turn(self):
        offer = offered()
        other = replace(TERMS, acceptance_days=10, starts_at=FEBRUARY)

        answer = offer_answers.counter(
            offer.pk, group=GroupMaker(), terms=other, note="ten days", by=person_of(voltaire()),
            now=later(days=1),
        )  # fmt: skip

        offer.refresh_from_db()
        assert (offer.state, offer.counter) == ("COUNTERED", answer)
        assert (answer.maker, answer.taker, answer.maker_sells) == (voltaire(), nordlicht(), False)
        with pytest.raises(OfferRefused, match="other side"):
            offer_answers.accept(answer.pk, by=person_of(voltaire()), now=later(days=2))
        offer_answers.accept(answer.pk, by=person_of(nordlicht()), now=later(days=2))
        made = RoamingAgreement.objects.get()
        assert (made.seller, made.acceptance_days) == (nordlicht(), 10)

    def test_declining_needs_a_reason_and_withdrawing_is_the_makers(self):
        offer, buyer, seller = offered(), person_of(voltaire()), person_of(nordlicht())
        with pytest.raises(OfferRefused, match="Say why"):
            offer_answers.decline(offer.pk, reason="  ", by=buyer, now=NOON)
        with pytest.raises(OfferRefused, match="other side"):
            offer_answers.withdraw(offer.pk, by=buyer, now=NOON)
        with pytest.raises(OfferRefused, match="other side"):
            offer_answers.accept(offer.pk, by=seller, now=NOON)
        offer_answers.withdraw(offer.pk, by=seller, now=NOON)
        with pytest.raises(OfferRefused, match="is over"):
            offer_answers.accept(offer.pk, by=buyer, now=NOON)

    def test_runs_out_in_time_also_where_the_clock_is_late(self):
        offer, buyer = offered(), person_of(voltaire())
        with pytest.raises(OfferRefused, match="is over"):
            offer_answers.accept(offer.pk, by=buyer, now=offer.expires_at)
        assert offer_answers.expire(now=offer.expires_at - timedelta(seconds=1)) == 0
        assert offer_answers.expire(now=offer.expires_at) == 1
        assert offer_answers.expire(now=offer.expires_at) == 0
        offer.refresh_from_db()
        assert (offer.state, offer.decided_by) == ("EXPIRED", "system")

    def test_one_is_open_at_a_time_and_a_late_one_makes_room(self):
        first = offered()
        with pytest.raises(OfferRefused, match="Withdraw it first"):
            offered()
        with pytest.raises(OfferRefused, match="made you an offer"):
            offers.make(
                wanted(maker=voltaire(), taker_code="DE*NLX", taker_role="CSO", maker_sells=False),
                by=person_of(voltaire()),
                now=NOON,
            )
        assert offered(at=first.expires_at).pk != first.pk

    def test_what_it_follows_must_be_what_it_followed(self):
        offer = offered()
        AgreementMaker(starts_at=later(days=3))
        with pytest.raises(OfferRefused, match="another version"):
            offer_answers.accept(offer.pk, by=person_of(voltaire()), now=later(days=4))
        assert AgreementOffer.objects.get().state == "OFFERED"

    def test_a_code_nobody_has_looks_like_silence(self):
        somebody, nobody = offered(), offered(taker_code="FR*NIX")
        assert nobody.taker is None
        assert (somebody.state, somebody.expires_at) == (nobody.state, nobody.expires_at)

    def test_strangers_parties_groups_and_partners_that_leave_are_refused(self):
        with pytest.raises(OfferRefused, match="your own parties"):
            offered(by=person_of(laterne()))
        with pytest.raises(OfferRefused, match="settlement group"):
            offers.make(wanted(maker=polder()), by=person_of(polder()), now=NOON)
        offer = offered()
        PartnerState.objects.create(
            partner=partner_of(nordlicht()), state="SUSPENDED", starts_at=NOON, reason="r",
            actor="olga",
        )  # fmt: skip
        with pytest.raises(OfferRefused, match="no longer agree"):
            offer_answers.accept(offer.pk, by=person_of(voltaire()), now=later(days=1))
        with pytest.raises(OfferRefused, match="as it stands"):
            offered(at=later(days=1), taker_code="FR*TWO")

    def test_too_many_open_ones_are_refused(self, monkeypatch):
        monkeypatch.setattr(rules, "MOST_OPEN", 1)
        offered()
        with pytest.raises(OfferRefused, match="Too many"):
            offered(taker_code="FR*TWO")


class TestDatabase:
    @pytest.mark.violates("offer_step_follows")
    @pytest.mark.parametrize("before", STATES)
    def test_follows_the_table_of_steps(self, before):
        offer = offered()
        end(offer, before)
        for after in STATES:
            fits = after in rules.STEPS[before] or after == before == "OFFERED"
            if not fits:
                with refused("offer_step_follows"):
                    set_to(offer, state=after)
        with refused("offer_step_follows"):
            copy = AgreementOffer.objects.get(pk=offer.pk)
            copy.pk, copy.state = AgreementOffer._meta.pk.get_default(), "DECLINED"
            copy.save(force_insert=True)

    @pytest.mark.violates("offer_keeps_what_it_said")
    def test_keeps_what_it_said(self):
        offer = offered()
        with refused("offer_keeps_what_it_said"):
            set_to(offer, acceptance_days=99)

    @pytest.mark.parametrize(
        ("name", "changes"),
        [
            pytest.param(name, changes, marks=pytest.mark.violates(name))
            for name, changes in {
                "offer_says_who_decided": {"state": "WITHDRAWN", "decided_at": NOON},
                "offer_is_decided_in_time": {
                    "state": "EXPIRED", "decided_at": NOON, "decided_by": "system",
                },
                "declined_offer_has_a_reason": {
                    "state": "DECLINED", "decided_at": NOON, "decided_by": "v",
                },
                "accepted_offer_names_its_agreement": {
                    "state": "ACCEPTED", "decided_at": NOON, "decided_by": "v",
                },
                "countered_offer_names_its_answer": {
                    "state": "COUNTERED", "decided_at": NOON, "decided_by": "v",
                },
            }.items()
        ],
    )  # fmt: skip
    def test_a_decision_is_whole(self, name, changes):
        offer = offered()
        with refused(name):
            set_to(offer, **changes)

    @pytest.mark.parametrize(
        ("name", "changes"),
        [
            pytest.param(name, changes, marks=pytest.mark.violates(name))
            for name, changes in {
                "offer_has_two_parties": lambda offer: {"taker": offer.maker},
                "offer_runs_out_before_it_starts": lambda offer: {"expires_at": FEBRUARY},
                "offer_ends_after_it_starts": lambda offer: {"ends_at": JANUARY},
                "offer_reduction_is_a_fraction": lambda offer: {"reduction": 2},
                "offer_is_open_once": lambda offer: {},
            }.items()
        ],
    )
    def test_an_offer_is_whole(self, name, changes):
        offer = offered()
        copy = AgreementOffer.objects.get(pk=offer.pk)
        copy.pk = AgreementOffer._meta.pk.get_default()
        if name != "offer_is_open_once":
            copy.taker_code = "FR*TWO"
        for field, value in changes(offer).items():
            setattr(copy, field, value)
        with refused(name):
            copy.save(force_insert=True)

    @pytest.mark.violates("offer_and_maker_share_environment")
    @pytest.mark.violates("offer_and_taker_share_environment")
    @pytest.mark.violates("offer_and_group_share_environment")
    @pytest.mark.parametrize("field", ["maker", "taker", "group"])
    def test_environments_are_not_mixed(self, field):
        offer = offered()
        copy = AgreementOffer.objects.get(pk=offer.pk)
        copy.pk, copy.taker_code = AgreementOffer._meta.pk.get_default(), "FR*TWO"
        test = {
            "maker": lambda: nordlicht(Environment.TEST),
            "taker": lambda: voltaire(Environment.TEST),
            "group": lambda: GroupMaker(environment=Environment.TEST),
        }
        setattr(copy, field, test[field]())
        with refused(f"offer_and_{field}_share_environment"):
            copy.save(force_insert=True)

    @pytest.mark.violates("accepted_offer_is_the_agreement")
    @pytest.mark.parametrize(
        "changes",
        [{"acceptance_days": 6}, {"commission_rate": "0.03"}, {"in_force_at": NOON}],
    )
    def test_what_is_signed_is_what_was_offered(self, changes):
        offer = offered()
        draft = draft_of(offer, **changes)
        with refused("accepted_offer_is_the_agreement"):
            set_to(offer, state="ACCEPTED", decided_at=NOON, decided_by="v", agreement=draft)

    @pytest.mark.violates("counter_offer_turns_the_sides")
    def test_a_counter_offer_is_of_the_other_side(self):
        offer, other = offered(), offered(taker_code="FR*TWO")
        with refused("counter_offer_turns_the_sides"):
            set_to(offer, state="COUNTERED", decided_at=NOON, decided_by="v", counter=other)

    @pytest.mark.violates("request_of_a_partner_signs_what_both_agreed")
    def test_a_request_of_a_partner_signs_nothing_else(self):
        before = AgreementMaker(commission_rate=0)
        offer = offered(service_class="PARKING")
        draft = draft_of(offer)
        signed = dict.fromkeys(["in_force_at"], NOON)
        with partner_role():
            for row, fields in ((draft, signed), (before, {"ends_at": later(days=1)})):
                with refused("request_of_a_partner_signs_what_both_agreed"):
                    RoamingAgreement.objects.filter(pk=row.pk).update(**fields)
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                RoamingAgreement.objects.filter(pk=draft.pk).update(commission_rate=0)
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                RoamingAgreement.objects.filter(pk=draft.pk).delete()
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                AgreementOffer.objects.filter(pk=offer.pk).update(reduction=0)


def end(offer: AgreementOffer, state: str) -> None:
    by, now = person_of(voltaire()), later(days=1)
    match state:
        case "ACCEPTED":
            offer_answers.accept(offer.pk, by=by, now=now)
        case "DECLINED":
            offer_answers.decline(offer.pk, reason="no", by=by, now=now)
        case "WITHDRAWN":
            offer_answers.withdraw(offer.pk, by=person_of(nordlicht()), now=now)
        case "EXPIRED":
            offer_answers.expire(now=offer.expires_at)
        case "COUNTERED":
            offer_answers.counter(offer.pk, group=offer.group, terms=TERMS, note="", by=by, now=now)


def draft_of(offer: AgreementOffer, **changes: object) -> RoamingAgreement:
    shared = {
        name: getattr(offer, name) for name in TERMS.__dataclass_fields__ if name != "reduction"
    }
    fields = shared | {
        "seller": offer.maker, "buyer": offer.taker, "group": offer.group,
        "commission_rate": offer.reduction, "commission_beneficiary": "BUYER",
        "in_force_at": None,
    }  # fmt: skip
    return AgreementMaker(**(fields | changes))


def test_joined_is_enough_to_accept_for_who_was_never_here_before():
    """The one who accepts must have joined the group too."""
    voltaire(), joined(nordlicht())
    offer = offers.make(wanted(), by=person_of(nordlicht()), now=NOON)
    with pytest.raises(OfferRefused, match="does not join"):
        offer_answers.accept(offer.pk, by=person_of(voltaire()), now=later(days=1))
    joined(voltaire())
    assert offer_answers.accept(offer.pk, by=person_of(voltaire()), now=later(days=1)).agreement


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_once_one_counts():
    """One person accepts while the maker withdraws, again and again: never both, never neither."""
    seller, buyer = person_of(nordlicht()), person_of(voltaire())
    for number in range(4):
        offer = offered(by=seller, at=later(days=number), starts_at=JANUARY + timedelta(number))
        now = later(days=number, hours=1)
        answers = at_once(
            partial(outcome, offer_answers.accept, offer.pk, by=buyer, now=now),
            partial(outcome, offer_answers.withdraw, offer.pk, by=seller, now=now),
        )
        offer.refresh_from_db()
        assert sorted(isinstance(one, OfferRefused) for one in answers) == [False, True]
        signed = RoamingAgreement.objects.filter(starts_at=offer.starts_at).count()
        assert (offer.state == "ACCEPTED") == bool(signed)


def outcome(act, *about, **options):
    try:
        return act(*about, **options)
    except OfferRefused as refused:
        return refused
