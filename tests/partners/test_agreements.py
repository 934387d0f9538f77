"""Signing agreements: what takes over, what stands in the way."""

import pytest
from django.core.exceptions import ValidationError

from partners.models import AuditEvent, RoamingAgreement
from partners.services import agreements
from tests.makers import LONG_AGO, NOON, AgreementMaker, GroupMaker, later

pytestmark = pytest.mark.django_db


def put_in_force(draft: RoamingAgreement) -> RoamingAgreement:
    return agreements.put_in_force(draft.pk, actor="olga", reason="signed by both", now=NOON)


class TestPutInForce:
    def test_signs_a_draft_and_says_who_did_it(self):
        draft = AgreementMaker(in_force_at=None)

        signed = put_in_force(draft)

        assert signed.in_force_at == NOON
        event = AuditEvent.objects.get(object_id=str(draft.pk))
        assert (event.action, event.actor, event.reason) == (
            "agreement.in_force",
            "olga",
            "signed by both",
        )

    def test_ends_the_earlier_version_where_the_new_one_starts(self):
        first = AgreementMaker(number="AG", version=1)
        second = AgreementMaker(
            number="AG", version=2, group=first.group, in_force_at=None, starts_at=later(days=3)
        )

        put_in_force(second)

        first.refresh_from_db()
        assert first.ends_at == later(days=3)

    def test_names_the_agreement_in_the_way_and_changes_nothing(self):
        other = AgreementMaker(number="OLD")
        draft = AgreementMaker(number="NEW", group=other.group, in_force_at=None)

        with pytest.raises(agreements.AgreementsOverlap, match=r"OLD v1 .from 2020-01-01"):
            put_in_force(draft)

        draft.refresh_from_db()
        assert draft.in_force_at is None
        assert not AuditEvent.objects.exists()

    def test_does_not_sign_twice(self):
        with pytest.raises(agreements.AlreadyInForce, match="2020-01-01"):
            put_in_force(AgreementMaker())


class TestDraftNextVersion:
    def test_copies_the_terms_under_the_next_number(self):
        first = AgreementMaker(number="AG")

        draft = agreements.draft_next_version(
            first.pk, actor="olga", starts_at=later(days=1), now=NOON
        )

        assert (draft.number, draft.version, draft.in_force_at) == ("AG", 2, None)
        assert (draft.starts_at, draft.commission_rate) == (
            later(days=1),
            first.commission_rate,
        )
        first.refresh_from_db()
        assert (first.version, first.starts_at) == (1, LONG_AGO)


class TestTermsThatCannotHold:
    """In force they could not be mended: they are refused in the form and when they are signed."""

    WRONG = (
        {"currency": "CHF"},
        {"rule_overrides": ["V203"]},
        {"rule_overrides": {"V203": "WARN"}},
        {"rule_overrides": {"V203": {"severity": "WARN"}}},
        {"rule_overrides": {"V203": {"severity": "IGNORE", "reason": "truck site"}}},
        {"rule_overrides": {"V203": {"severity": "WARN", "reason": "x" * 201}}},
        {"rule_overrides": {"V203": {"severity": "WARN", "reason": " "}}},
        {"rule_overrides": {"energy": {"severity": "WARN", "reason": "truck site"}}},
    )

    @pytest.mark.parametrize("terms", WRONG)
    def test_are_not_put_in_force(self, terms):
        draft = AgreementMaker(in_force_at=None, **terms)

        with pytest.raises(agreements.TermsCannotHold, match=next(iter(terms))):
            put_in_force(draft)

        draft.refresh_from_db()
        assert draft.in_force_at is None

    @pytest.mark.parametrize("terms", WRONG)
    def test_are_told_in_the_form(self, terms):
        with pytest.raises(ValidationError) as refusal:
            AgreementMaker.build(group=GroupMaker(), **terms).clean()

        assert list(refusal.value.message_dict) == list(terms)

    def test_are_not_those_with_a_severity_and_a_reason(self):
        override = {"V203": {"severity": "WARN", "reason": "truck site"}}

        assert put_in_force(AgreementMaker(in_force_at=None, rule_overrides=override)).in_force_at
