"""Any sequence of verbs, corrections and days: no state outside the table, and no cent lost."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from billing.models import ClearedSdr
from billing.services import conservation
from billing.services.clearing import clear_group
from billing.services.windows import ensure_windows
from partners.models import SettlementGroup
from roaming.models import Dispute, DisputeEvent, Sdr, SdrEvent, SdrState
from roaming.queries_chain import chain_of, counts, sum_of
from roaming.rules import dispute as rules
from roaming.rules.dispute import DisputeRefused
from roaming.rules.lifecycle import check_path
from roaming.services import (
    dispute_clock,
    dispute_overtaken,
    disputes,
    lifecycle,
    record_verbs,
)
from roaming.services.disputes import Actor, Complaint
from tests.makers import NOON, AgreementMaker, numbered_record, take

pytestmark = pytest.mark.django_db
CLAIM = Decimal("9.02")
VERBS = sorted({verb for _, verb in rules.TRANSITIONS} - {"split", "overtake"})
SIDES = ("CSP", "CSO", "HOUSE")
AMOUNTS = st.sampled_from([Decimal(text) for text in ("0", "1", "4.51", "5", "9.01", "9.02", "10")])
CHOICE = st.integers(0, 7)


class Records(RuleBasedStateMachine):
    """Two records of 9.02 EUR. ``worth`` is what each one's chain should ask for by now."""

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.now, self.names = NOON, 0

    def teardown(self):
        try:
            self.settle()
        finally:
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    @initialize(
        terms=st.sampled_from(
            [
                {"acceptance": "EXPLICIT", "split_allowed": True},
                {"acceptance": "EXPLICIT"},
                {"acceptance": "DEEMED", "acceptance_days": 10},
                {"acceptance": "ON_VALIDATION"},
            ]
        )
    )
    def begin(self, terms):
        ensure_windows(AgreementMaker(**terms).group, now=NOON)
        self.roots = [one.record_id for one in take(*(numbered_record(n) for n in (1, 2)))]
        self.worth = dict.fromkeys(self.roots, CLAIM)

    def choose(self, number) -> tuple[str, Sdr]:
        """One of all records there are, with the first of its chain."""
        pairs = [(root, sdr) for root in self.roots for sdr in chain_of(root)]
        return pairs[number % len(pairs)]

    def attempt(self, work) -> bool:
        try:
            work()
        except DisputeRefused:
            return False
        return True

    @rule(number=CHOICE, verb=st.sampled_from(["accept", "withdraw"]))
    def side_says(self, number, verb):
        root, sdr = self.choose(number)
        done = self.attempt(lambda: record_verbs.act(sdr.id, verb, actor="a side", now=self.now))
        if done and verb == "withdraw":
            self.worth[root] -= sdr.claim_amount

    @rule(number=CHOICE, amount=AMOUNTS, reason=st.sampled_from(["D01", "D06"]))
    def csp_disputes(self, number, amount, reason):
        _, sdr = self.choose(number)
        complaint = Complaint(reason=reason, amount=amount)
        by = Actor(side="CSP", name="csp")
        self.attempt(lambda: disputes.open_dispute(sdr.id, complaint, by=by, now=self.now))

    @rule(
        number=CHOICE,
        verb=st.sampled_from(VERBS),
        side=st.sampled_from(SIDES),
        amount=AMOUNTS,
        officer=st.sampled_from(["olga", "otto"]),
    )
    def somebody_acts(self, number, verb, side, amount, officer):
        known = list(Dispute.objects.order_by("id").values_list("id", flat=True))
        if not known:
            return
        by = Actor(side=side, name=officer)
        dispute_id = known[number % len(known)]
        if self.attempt(
            lambda: disputes.act(
                dispute_id, verb, by=by, now=self.now, amount=amount, text="because of this"
            )
        ):
            self.note_ends()

    @rule(number=CHOICE)
    def cso_credits(self, number):
        root, sdr = self.choose(number)
        credit = self.answering(
            sdr, credits_sdr_id=sdr.sdr_id, total_amount=str(-sdr.claim_amount), items=None
        )
        counted = counts(SdrState.objects.get(id=sdr.id).state)
        [answer] = take(credit, received_at=self.now)
        if answer.outcome == "accepted":
            assert counted
            self.worth[root] -= sdr.claim_amount

    @rule(number=CHOICE, amount=AMOUNTS)
    def cso_replaces(self, number, amount):
        root, sdr = self.choose(number)
        changes = {"replaces_sdr_id": sdr.sdr_id, "total_amount": str(amount), "items": None}
        before = sum_of(chain_of(root))
        was = sdr.claim_amount if counts(SdrState.objects.get(id=sdr.id).state) else 0
        [answer] = take(self.answering(sdr, **changes), received_at=self.now)
        if answer.outcome == "accepted":
            is_credited = any(one.credits_sdr_id == sdr.sdr_id for one in chain_of(root))
            self.worth[root] = before + amount - (0 if is_credited else was)

    @rule(days=st.integers(1, 12))
    def time_passes(self, days):
        self.now += timedelta(days=days)
        dispute_overtaken.close_overtaken(now=self.now)
        dispute_clock.expire_due(now=self.now)
        lifecycle.deem_accepted(now=self.now)
        self.note_ends()

    @rule()
    def clock_splits_and_replaces(self):
        before = {d.pk: d for d in Dispute.objects.filter(replacement_id__isnull=True)}
        disputes.split_undisputed(now=self.now)
        disputes.replace_agreed(now=self.now)
        for dispute in Dispute.objects.filter(pk__in=before, replacement_id__isnull=False):
            self.worth[self.root_of(dispute)] += dispute.decided_amount - dispute.claim_amount

    @rule()
    def clearing_runs(self):
        clear_group(SettlementGroup.objects.get(), run_key=f"run {self.name()}", now=self.now)

    def answering(self, sdr: Sdr, **changes) -> dict[str, object]:
        own = {"sdr_id": f"NLX-C{self.name()}", "service_session_id": sdr.service_session_id}
        return numbered_record(1, energy_kwh=str(sdr.energy_kwh), **(own | changes))

    def name(self) -> int:
        self.names += 1
        return self.names

    def root_of(self, dispute: Dispute) -> str:
        chain = {str(sdr.id) for sdr in chain_of(dispute.record_id)}
        return next(root for root in self.roots if root in chain)

    def note_ends(self):
        """What fell by a dispute is worth nothing from now on; told once by a step of its own."""
        for dispute in Dispute.objects.filter(outcome="WITHDRAW").exclude(pk__in=self.ended):
            self.ended.add(dispute.pk)
            if not dispute.events.filter(verb="overtake").exists():
                self.worth[self.root_of(dispute)] -= dispute.claim_amount

    @property
    def ended(self) -> set:
        return self.__dict__.setdefault("_ended", set())

    @invariant()
    def every_chain_is_worth_what_it_should(self):
        for root in getattr(self, "roots", ()):
            assert sum_of(chain_of(root)) == self.worth[root]

    @invariant()
    def every_record_and_dispute_kept_to_its_table(self):
        paths: dict = {}
        for event in SdrEvent.objects.order_by("record_id", "version"):
            paths.setdefault(event.record_id, []).extend(event.path)
        for path in paths.values():
            check_path("", path)
        for step in DisputeEvent.objects.exclude(verb__in=["open", "replace"]):
            if step.from_stage in rules.ENDS:
                assert step.verb == "overtake"
                continue
            sides, following = rules.TRANSITIONS[step.from_stage, step.verb]
            assert (step.side in sides, step.to_stage) == (True, following)

    @invariant()
    def nothing_is_lost(self):
        assert all(line.holds for line in conservation.lines())

    def settle(self):
        """After half a year nothing hangs, and what is cleared is what the chains are worth."""
        if not hasattr(self, "roots"):
            return
        for _ in range(5):
            self.time_passes(40)
            self.clock_splits_and_replaces()
        self.every_chain_is_worth_what_it_should()
        assert not Dispute.objects.filter(closed_at__isnull=True).exists()
        assert not SdrState.objects.filter(state="DISPUTED").exists()
        self.clearing_runs()
        self.nothing_is_lost()
        # What intake holds and ties to nothing asks for nothing yet: only the chains do.
        members = [sdr.id for root in self.roots for sdr in chain_of(root)]
        waiting = SdrState.objects.filter(id__in=members, state__in=["DELIVERED", "HELD"]).values(
            "id"
        )
        still = sum(sdr.claim_amount for sdr in Sdr.objects.filter(id__in=waiting))
        cleared = sum(ClearedSdr.objects.values_list("claim_minor", flat=True))
        assert Decimal(cleared) / 100 + still == sum(self.worth.values())


def test_no_sequence_of_verbs_leaves_the_table_or_loses_money():
    run_state_machine_as_test(
        Records,
        settings=settings(
            max_examples=6,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
