"""What a profile sets up, and what it leaves as it is and tells."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from partners.models import Partner, RoamingAgreement
from roaming.intake.profile import Profile, parse_profile
from roaming.services.profile_contradictions import contradictions
from roaming.services.profile_setup import set_up
from tests.makers import NOON, AgreementMaker, nordlicht, partner_of
from tests.roaming.test_csv_file import GOOD, HEAD, PROFILE

pytestmark = pytest.mark.django_db


def a_profile(**changes: str) -> Profile:
    """The profile of Nordlicht's files with some words replaced."""
    text = PROFILE
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return parse_profile(text.encode(), name="nordlicht")


def with_commission(rate: str) -> Profile:
    return a_profile(group=f'commission_rate = "{rate}"\ngroup')


class TestSetUp:
    def test_twice_with_a_changed_profile_leaves_the_agreement_and_tells(self):
        set_up(with_commission("0.10"), actor="tests", now=NOON)
        changed = with_commission("0.20")
        set_up(changed, actor="tests", now=NOON)

        agreement = RoamingAgreement.objects.get()
        told = contradictions(changed, now=NOON)

        assert agreement.commission_rate == Decimal("0.10")
        assert told == {f"{agreement.number} v1": "commission_rate is 0.100000, not 0.20"}

    def test_has_nothing_to_tell_of_what_it_set_up_itself(self):
        set_up(a_profile(), actor="tests", now=NOON)

        assert contradictions(a_profile(), now=NOON) == {}

    def test_takes_an_agreement_of_any_number_for_the_one_declared(self):
        agreement = AgreementMaker()

        set_up(a_profile(), actor="tests", now=NOON)

        assert list(RoamingAgreement.objects.all()) == [agreement]

    def test_opens_no_partner_for_a_party_that_another_one_owns(self):
        owner = partner_of(nordlicht())
        profile = a_profile(Nordlicht="Somebody else")

        sender = set_up(profile, actor="tests", now=NOON)

        assert sender == owner
        assert not Partner.objects.filter(name="Somebody else").exists()
        assert "Somebody else" in contradictions(profile, now=NOON)["DE*NLX"]


def test_the_command_tells_what_it_left_as_it_is(tmp_path, capsys):
    (tmp_path / "nordlicht.toml").write_text(PROFILE)
    (tmp_path / "sessions.csv").write_text(HEAD + GOOD)
    AgreementMaker(commission_rate=Decimal("0.5"))

    call_command(
        "import_sdrs",
        str(tmp_path / "sessions.csv"),
        profile=str(tmp_path / "nordlicht.toml"),
        create_parties=True,
        stdout=StringIO(),
    )

    assert "commission_rate is 0.500000, not 0" in capsys.readouterr().err
