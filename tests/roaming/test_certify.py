"""The conformance cases, asked of partners that behave, of bad ones, and of some with one defect.

No database is touched here.
"""

from datetime import UTC, datetime

import pytest

from roaming.protocols.ocpi.certify import CASES, Target, Verdict, certify, our_role
from roaming.protocols.ocpi.certify.run import NO_REGISTRATION, UNASKED
from roaming.protocols.ocpi.simulator import CPO, EMSP, FakePartner, Options, Speaker, documents
from tests.roaming.certify_defects import DEFECTS, HANDSHAKE_DEFECTS

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def furnished(role, version="2.2.1", **options):
    """A partner with something to look at: two sites, or a few tokens."""
    partner = FakePartner(role, version, party="NL*AAA", options=Options(**options))
    if role == "cso":
        partner.add_location("LOC1")
        partner.add_location("LOC2")
    else:
        partner.add_token("04A1B2C3")
        partner.add_token("04A1B2C4", valid=False)
        if version != "2.1.1":
            partner.add_token("04A1B2C3", type="APP_USER")
    return partner


def visitor(role, version="2.2.1", patience_s=5):
    options = Options(timeout_s=patience_s)
    return FakePartner(our_role(role), version, party="NL*TST", options=options)


def target(partner, role, *, registers=True):
    token = partner.issue_registration_token() if registers else partner.connection.issue()
    return Target(partner.versions_url, token, role, registers, "NL*AAA")


def verdicts(report):
    return {one.case.id: one.verdict for one in report.results}


def failed(report):
    return {one.case.id for one in report.results if one.verdict is Verdict.FAILED}


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
@pytest.mark.parametrize("role", ["cso", "csp"])
def test_a_well_behaved_partner_passes_every_case_that_applies(role, version):
    with furnished(role, version) as partner, visitor(role, version) as us:
        report = certify(us, target(partner, role), ran_at=NOON)

    other = "EMSP" if role == "cso" else "CPO"
    not_asked = {
        one.case.id: one.came
        for one in report.results
        if one.verdict is Verdict.NOT_APPLICABLE
        and one.came not in (f"for partners in the role {other}", f"not in OCPI {version}")
    }
    assert failed(report) == set()
    assert report.ok
    assert not_asked == {}
    assert report.totals["passed"] >= 23


def test_a_partner_of_both_roles_is_asked_the_cases_of_both():
    with FakePartner("both", party="NL*AAA") as partner, visitor("both") as us:
        for key in ("0A", "0B"):
            partner.add_location(key)
            partner.add_token(key, valid=key == "0A")
        report = certify(us, target(partner, "both"), ran_at=NOON)

    assert failed(report) == set()
    not_asked = [one for one, verdict in verdicts(report).items() if verdict != Verdict.PASSED]
    assert not_asked == ["TOK-04"]


class TestMisbehaviour:
    """Each mode of the simulator fails the cases that it should, and leaves the handshake alone."""

    def certified(self, behaviour, role="csp", **options):
        with furnished(role, **options) as partner, visitor(role) as us:
            partner.behave(behaviour)
            return certify(us, target(partner, role), ran_at=NOON)

    def judged_by_the_clock(self, behaviour, patience_s, only=(), **options):
        """Without the handshake, which a busy machine may take longer for."""
        with furnished("csp", **options) as partner, visitor("csp", patience_s=patience_s) as us:
            partner.behave(behaviour)
            whom = target(partner, "csp", registers=False)
            return certify(us, whom, ran_at=NOON, only=only)

    @pytest.mark.parametrize(
        "behaviour",
        [
            "html500",
            "malformed",
            pytest.param("redirect", marks=pytest.mark.long),
            pytest.param("dropping", marks=pytest.mark.long),
        ],
    )
    def test_shows_in_what_is_answered(self, behaviour):
        report = self.certified(behaviour)

        handshake = {f"CRD-0{number}" for number in range(1, 8)}
        assert {verdicts(report)[one] for one in handshake} == {Verdict.PASSED}
        assert {"TRN-07", "TRN-10", "PAG-01", "TOK-02", "CDR-01", "LOC-01"} <= failed(report)
        assert not report.ok

    @pytest.mark.parametrize("behaviour", ["hang", "late"])
    def test_of_a_silent_partner_is_not_waited_for_again_and_again(self, behaviour):
        report = self.judged_by_the_clock(behaviour, 0.6, late_s=1.5)

        came = {one.case.id: one.came for one in report.results if one.verdict is Verdict.FAILED}
        assert came["TRN-01"].startswith("no answer: ReadTimeout")
        assert came["CDR-01"] == UNASKED

    def test_of_a_slow_partner_is_told_by_the_clock(self):
        report = self.judged_by_the_clock("slow", 0.8, only=["TRN-07"], slow_byte_s=0.003)

        (result,) = report.results
        assert result.verdict is Verdict.FAILED
        assert result.came.endswith("s of 0.8 s")

    def test_of_one_who_sends_twice_shows_in_the_result_of_a_command(self):
        report = self.certified("duplicate", role="cso")

        assert failed(report) == {"CMD-02"}


class TestDefects:
    """One defect, one case: each case can fail."""

    @pytest.fixture(scope="class")
    @classmethod
    def worlds(cls):
        with (
            furnished("cso") as seller,
            visitor("cso") as buyer,
            furnished("csp") as provider,
            visitor("csp") as provided,
        ):
            # A session to steer, which nobody is told of.
            driver = documents.token(Speaker(EMSP, "NL", "TST"), "0A")
            place = seller.drafts("locations")["LOC1"]
            begun = documents.session(seller.speaker(CPO), "S1", driver, place)
            seller.keep("sessions", "S1", begun)
            yield {"cso": (seller, buyer), "csp": (provider, provided)}

    @pytest.mark.parametrize(("case_id", "role"), sorted(DEFECTS))
    def test_fails_its_case(self, worlds, case_id, role):
        partner, us = worlds[role]
        whom = target(partner, role, registers=False)
        partner.manners.tamper = DEFECTS[case_id, role]
        try:
            report = certify(us, whom, ran_at=NOON, only=[case_id])
        finally:
            partner.manners.tamper = None

        assert verdicts(report) == {case_id: Verdict.FAILED}

    @pytest.mark.parametrize("case_id", sorted(HANDSHAKE_DEFECTS))
    def test_of_the_handshake_fails_its_case(self, case_id):
        with furnished("csp") as partner, visitor("csp") as us:
            partner.manners.tamper = HANDSHAKE_DEFECTS[case_id]
            report = certify(us, target(partner, "csp"), ran_at=NOON, only=[case_id])

        assert verdicts(report)[case_id] is Verdict.FAILED

    def test_are_known_for_every_case(self):
        with_defect = {case_id for case_id, _ in DEFECTS} | HANDSHAKE_DEFECTS.keys()
        shown_by_misbehaviour = {"CMD-02"}

        assert {case.id for case in CASES} - with_defect == shown_by_misbehaviour


def test_cases_have_names_of_their_own():
    assert len({case.id for case in CASES}) == len(CASES) >= 40


def test_an_active_token_leaves_the_handshake_out():
    with furnished("csp") as partner, visitor("csp") as us:
        report = certify(us, target(partner, "csp", registers=False), ran_at=NOON)

    left_out = {one.case.id for one in report.results if one.came == NO_REGISTRATION}
    assert left_out == HANDSHAKE_DEFECTS.keys()
    assert failed(report) == set()


def test_what_a_partner_does_not_offer_is_not_applicable():
    with (
        furnished("csp", hidden_modules=frozenset({"cdrs"})) as partner,
        visitor("csp") as us,
    ):
        only = ["CDR-01", "TOK-02"]
        report = certify(us, target(partner, "csp", registers=False), ran_at=NOON, only=only)

    assert verdicts(report) == {"CDR-01": Verdict.NOT_APPLICABLE, "TOK-02": Verdict.PASSED}


def test_a_registration_that_failed_leaves_nothing_to_ask():
    with furnished("csp") as partner, visitor("csp") as us:
        whom = target(partner, "csp")
        whom.token = "wrong"
        report = certify(us, whom, ran_at=NOON)

    assert not report.ok
    assert verdicts(report)["CDR-01"] is Verdict.NOT_APPLICABLE
