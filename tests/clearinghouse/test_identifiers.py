"""Identifiers: every vector of the standards, the laws of the check digits, the normal forms."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clearinghouse.identifiers import (
    ContractIdForm,
    EvseIdForm,
    MalformedContractId,
    MalformedEvseId,
    MalformedPartyCode,
    WrongCheckDigit,
    din_check_digit,
    emi3_check_digit,
    emi3_from_din,
    parse_contract_id,
    parse_evse_id,
    parse_party_code,
)
from tests.clearinghouse.algorithm_tables import rows_under

EMI3_VECTORS = {
    "NN123ABCDEFGHI": "T",
    "FRXYZ123456789": "2",
    "ITA1B2C3E4F5G6": "4",
    "ESZU8WOX834H1D": "R",
    "PT73902837ABCZ": "Z",
    "DE83DUIEN83QGZ": "D",
    "DE83DUIEN83ZGQ": "M",
    "DE8AA001234567": "0",
    "DE8AACA2B3C4D5": "L",
    "NLTNM000122045": "U",
    "NLTNMC00122045": "K",
    "NLTNM012345678": "W",
    "NLTNM000722345": "X",
    "NL123C10028948": "M",
}
DIN_VECTORS = {
    "INTNM000071": "9",
    "INTNM000110": "X",
    "INTNM000124": "0",
    "INTNM000114": "6",
    "INTNM000191": "5",
    "NLTNM012204": "5",
}
# Printed in OCHP and OICP with a check digit that does not verify.
WRONG_IN_PRINT = {
    "DE8AACA2B3C4D5N": "L",
    "DE-8AA-CA2B3C4D5-N": "L",
    "DE-8AA-123A56-3": "5",
    "DE-8AA-00123A563-N": "M",
    "DE-8EO-CAet5e4XY-3": "T",
    "DE8EOAet5e43": "9",
}
RESERVED = ["AA", "QM", "QT", "QZ", "XA", "XK", "XZ", "ZZ"]

ALPHANUMERIC = string.ascii_uppercase + string.digits
countries = st.sampled_from(["DE", "NL", "FR", "NO", "CH", "QA", "ZA", "AT"])
parties = st.text(ALPHANUMERIC, min_size=3, max_size=3)
separators = st.sampled_from(["", "*", "-", " "])


@st.composite
def emi3_bodies(draw):
    return draw(countries) + draw(parties) + draw(st.text(ALPHANUMERIC, min_size=9, max_size=9))


@st.composite
def spelled_contract_ids(draw):
    """One contract as any careless sender may write it, with its compact spelling."""
    size = draw(st.sampled_from([6, 9]))
    parts = [
        draw(countries),
        draw(parties),
        draw(st.text(ALPHANUMERIC, min_size=size, max_size=size)),
    ]
    body = "".join(parts)
    digit = emi3_check_digit(body) if size == 9 else din_check_digit(body)
    spelled = draw(separators).join(parts[:2]) + draw(separators) + parts[2]
    if draw(st.booleans()):
        spelled += draw(separators) + digit
    return draw(st.sampled_from([spelled, spelled.lower(), f" {spelled}\n"])), body + digit


@st.composite
def spelled_evse_ids(draw):
    outlet = draw(st.from_regex(r"[A-Z0-9][A-Z0-9*]{0,40}", fullmatch=True))
    country, operator_id = draw(countries), draw(parties)
    spelled = (
        f"{country}{draw(separators)}{operator_id}{draw(separators)}E{draw(separators)}{outlet}"
    )
    return draw(st.sampled_from([spelled, spelled.lower()])), f"{country}*{operator_id}*E{outlet}"


class TestEmi3CheckDigit:
    @pytest.mark.parametrize(("body", "digit"), EMI3_VECTORS.items())
    def test_agrees_with_the_published_vectors(self, body, digit):
        assert emi3_check_digit(body) == digit

    @given(body=emi3_bodies(), position=st.integers(0, 13), letter=st.sampled_from(ALPHANUMERIC))
    def test_finds_every_single_substitution(self, body, position, letter):
        changed = body[:position] + letter + body[position + 1 :]

        assert (emi3_check_digit(changed) == emi3_check_digit(body)) == (changed == body)

    @given(body=emi3_bodies(), position=st.integers(0, 12))
    def test_finds_every_swap_of_neighbors(self, body, position):
        left, right = body[position], body[position + 1]
        changed = body[:position] + right + left + body[position + 2 :]

        assert (emi3_check_digit(changed) == emi3_check_digit(body)) == (left == right)

    @given(body=emi3_bodies())
    def test_finds_its_own_swap_with_its_neighbor(self, body):
        digit = emi3_check_digit(body)
        changed = body[:-1] + digit

        assert (emi3_check_digit(changed) == body[-1]) == (digit == body[-1])

    @given(body=emi3_bodies(), position=st.integers(0, 11))
    def test_finds_every_jump_swap(self, body, position):
        left, middle, right = body[position : position + 3]
        changed = body[:position] + right + middle + left + body[position + 3 :]

        assert (emi3_check_digit(changed) == emi3_check_digit(body)) == (left == right)

    @pytest.mark.parametrize("body", ["", "DE8AACA2B3C4D", "de8aaca2b3c4d5", "DE-8AA-CA2B3C4"])
    def test_refuses_what_is_no_compact_body(self, body):
        with pytest.raises(ValueError, match="14 characters of 0-9 and A-Z"):
            emi3_check_digit(body)


class TestDinCheckDigit:
    @pytest.mark.parametrize(("body", "digit"), DIN_VECTORS.items())
    def test_agrees_with_the_published_vectors(self, body, digit):
        assert din_check_digit(body) == digit

    @given(
        body=st.from_regex(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{6}", fullmatch=True),
        position=st.integers(5, 10),
        digit=st.sampled_from(string.digits),
    )
    def test_finds_every_wrong_digit_of_the_number(self, body, position, digit):
        changed = body[:position] + digit + body[position + 1 :]

        assert (din_check_digit(changed) == din_check_digit(body)) == (changed == body)

    @given(
        body=st.from_regex(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{6}", fullmatch=True),
        position=st.integers(5, 9),
    )
    def test_finds_every_swap_of_neighboring_digits(self, body, position):
        left, right = body[position], body[position + 1]
        changed = body[:position] + right + left + body[position + 2 :]

        assert (din_check_digit(changed) == din_check_digit(body)) == (left == right)

    def test_misses_some_wrong_letters_as_its_page_says(self):
        # Twenty-six letters share eleven check digits, so some pairs must meet.
        digits = [din_check_digit(f"{letter}ETNM012204") for letter in string.ascii_uppercase]

        assert len(set(digits)) < len(digits)


class TestParseContractId:
    @pytest.mark.parametrize(("printed", "right"), WRONG_IN_PRINT.items())
    def test_names_the_digit_that_fits_a_wrong_one(self, printed, right):
        with pytest.raises(WrongCheckDigit, match=f"but {right} would fit") as refusal:
            parse_contract_id(printed)

        assert refusal.value.expected_check_digit == right
        assert refusal.value.code == "wrong_check_digit"

    def test_keeps_a_wrong_digit_where_the_agreement_only_warns(self):
        contract_id = parse_contract_id("DE-8AA-CA2B3C4D5-N", accept_wrong_check_digit=True)

        assert contract_id.check_digit_is_valid is False
        assert contract_id.expected_check_digit == "L"
        assert contract_id.normal == "DE8AACA2B3C4D5N"

    def test_reads_the_parts(self):
        contract_id = parse_contract_id("de-8aa-ca2b3c4d5-l")

        assert contract_id.party_code == "DE*8AA"
        assert contract_id.instance == "CA2B3C4D5"
        assert contract_id.check_digit_is_valid is True
        assert contract_id.form is ContractIdForm.EMI3
        assert contract_id.hyphenated == "DE-8AA-CA2B3C4D5-L"

    @pytest.mark.parametrize("missing", ["DE8AACA2B3C4D5", "NLTNM012204"])
    def test_does_not_judge_a_digit_that_was_not_sent(self, missing):
        assert parse_contract_id(missing).check_digit_is_valid is None

    @given(spelling=spelled_contract_ids())
    def test_gives_every_spelling_one_normal_form(self, spelling):
        spelled, compact = spelling

        normal = parse_contract_id(spelled).normal

        assert normal == parse_contract_id(compact).normal
        assert parse_contract_id(normal).normal == normal
        assert len(normal) == 15

    @pytest.mark.parametrize(
        "text", ["DE-8AC-C12E456L89-Y", "", "DE8AA", "DE8AA12345678", "D" * 300]
    )
    def test_refuses_another_length(self, text):
        with pytest.raises(MalformedContractId, match="14 or 15 characters") as refusal:
            parse_contract_id(text)

        assert refusal.value.code == "wrong_length"

    @pytest.mark.parametrize(
        "text",
        [
            "DE-8AA-A2B3C4D5-L",  # eight characters in the instance
            "D-E8AA-CA2B3C4D5-L",
            "128AACA2B3C4D5L",
            "DE8AACA2B3C4D5ſ",  # long s is S to str.upper
            "DE8AA_CA2B3C4D5",
            "DE-8AA-012204-A",
        ],
    )
    def test_refuses_what_is_not_a_contract_id(self, text):
        with pytest.raises(MalformedContractId, match="cannot be read") as refusal:
            parse_contract_id(text)

        assert refusal.value.code == "malformed"

    @pytest.mark.parametrize("country", RESERVED)
    def test_refuses_a_country_that_is_none(self, country):
        with pytest.raises(MalformedContractId, match=f"{country} is not a country") as refusal:
            parse_contract_id(f"{country}8AACA2B3C4D5")

        assert refusal.value.code == "reserved_country"

    def test_shows_no_person_in_messages_and_reprs(self):
        with pytest.raises(WrongCheckDigit) as refusal:
            parse_contract_id("DE-8AA-CA2B3C4D5-N")

        assert "A2B3C4D5" not in str(refusal.value)
        assert "A2B3C4D5" not in repr(parse_contract_id("DE-8AA-CA2B3C4D5-L"))


class TestEmi3FromDin:
    def test_converts_the_published_example(self):
        assert emi3_from_din("NL-TNM-012204-5").hyphenated == "NL-TNM-C00122045-K"

    def test_adds_the_din_digit_that_was_left_out(self):
        assert emi3_from_din("NLTNM012204").hyphenated == "NL-TNM-C00122045-K"

    def test_refuses_what_is_eMI3_already(self):  # noqa: N802 - the standard's name
        with pytest.raises(MalformedContractId, match="already in EMI3 form") as refusal:
            emi3_from_din("NL-TNM-C00122045-K")

        assert refusal.value.code == "not_din"


class TestParseEvseId:
    def test_reads_the_parts(self):
        evse_id = parse_evse_id("DE*8AA*E1234*5")

        assert (evse_id.country, evse_id.operator_id, evse_id.outlet) == ("DE", "8AA", "1234*5")
        assert evse_id.party_code == "DE*8AA"
        assert evse_id.form is EvseIdForm.ISO

    @given(spelling=spelled_evse_ids())
    @example(spelling=("DE*8AA*EE*E1", "DE*8AA*EE*E1"))
    def test_gives_every_spelling_one_normal_form(self, spelling):
        spelled, normal = spelling

        assert parse_evse_id(spelled).normal == normal
        assert parse_evse_id(normal).normal == normal

    def test_tells_outlets_apart_that_differ_in_a_separator(self):
        assert parse_evse_id("DE*8AA*E1*23") != parse_evse_id("DE*8AA*E12*3")

    def test_takes_255_characters_and_no_more(self):
        longest = "DE*8AA*E" + "1" * 247

        assert parse_evse_id(longest).form is EvseIdForm.OPEN
        with pytest.raises(MalformedEvseId, match="256 characters") as refusal:
            parse_evse_id(longest + "1")
        assert refusal.value.code == "too_long"

    @pytest.mark.parametrize(
        ("outlet", "form"), [("1" * 31, EvseIdForm.ISO), ("1" * 32, EvseIdForm.OPEN)]
    )
    def test_knows_where_iso_15118_2_ends(self, outlet, form):
        assert parse_evse_id(f"DE8AAE{outlet}").form is form

    @pytest.mark.parametrize("text", ["ZZ00000", "zz00000", "ZZ*000*00"])
    def test_refuses_the_id_that_says_there_is_none(self, text):
        with pytest.raises(MalformedEvseId, match="knows no EVSE id") as refusal:
            parse_evse_id(text)

        assert refusal.value.code == "no_id_available"

    @pytest.mark.parametrize(("letter", "kind"), [("S", "a station"), ("P", "a pool")])
    def test_refuses_stations_and_pools(self, letter, kind):
        with pytest.raises(MalformedEvseId, match=kind) as refusal:
            parse_evse_id(f"DE*8AA*{letter}1234")

        assert refusal.value.code == "not_an_evse"

    @pytest.mark.parametrize("country", RESERVED)
    def test_refuses_a_country_that_is_none(self, country):
        with pytest.raises(MalformedEvseId, match=f"{country} is not a country") as refusal:
            parse_evse_id(f"{country}*8AA*E1234")

        assert refusal.value.code == "reserved_country"

    @pytest.mark.parametrize("text", ["+1*823*1234", "+7*823*1234", "+383*823*1234", "+999*823*1"])
    def test_refuses_a_telephone_code_that_names_no_single_country(self, text):
        with pytest.raises(MalformedEvseId, match="country code of two letters") as refusal:
            parse_evse_id(text)

        assert refusal.value.code == "unknown_dialing_code"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "DE*8AA*1234",
            "DE*8AA*E",
            "DE*8AA*E*",
            "DE**8AA*E1",
            "DE*8A*E1234",
            "D1*8AA*E1234",
            "DE*8AA*E12/34",
            "DE*8AA*Eſ1",
            "+498231234",
            "+49*82A*1234",
            "+49*823*",
        ],
    )
    def test_refuses_what_is_not_an_evse_id(self, text):
        with pytest.raises(MalformedEvseId, match="Send country, operator") as refusal:
            parse_evse_id(text)

        assert refusal.value.code == "malformed"


class TestParsePartyCode:
    @pytest.mark.parametrize("text", ["DE*NLX", "DE-NLX", "DENLX", "de nlx", " de*nlx "])
    def test_reads_every_spelling(self, text):
        code = parse_party_code(text)

        assert code == ("DE", "NLX")
        assert code.normal == "DE*NLX"

    @pytest.mark.parametrize("text", ["", "DE", "DE*NL", "DE*NLXX", "D1*NLX", "DE**NLX", "DE*NLſ"])
    def test_refuses_what_is_not_a_party_code(self, text):
        with pytest.raises(MalformedPartyCode, match=r"as in DE\*NLX") as refusal:
            parse_party_code(text)

        assert refusal.value.code == "malformed"

    @pytest.mark.parametrize("country", RESERVED)
    def test_refuses_a_country_that_is_none(self, country):
        with pytest.raises(MalformedPartyCode, match="not a country") as refusal:
            parse_party_code(f"{country}*NLX")

        assert refusal.value.code == "reserved_country"

    @pytest.mark.parametrize("country", ["AB", "QA", "QL", "ZA", "WS", "YE"])
    def test_takes_the_neighbors_of_the_reserved_ones(self, country):
        assert parse_party_code(f"{country}NLX").country == country


class TestPageOfIdentifiers:
    """docs/algorithms/identifiers.md: each row is computed again."""

    def test_prints_the_check_digits_of_the_vectors(self):
        rows = dict(rows_under("identifiers.md", columns=("Id without check digit", "Check digit")))

        assert rows == EMI3_VECTORS | DIN_VECTORS

    def test_prints_the_wrong_examples_with_the_right_digit(self):
        rows = rows_under("identifiers.md", columns=("Printed", "Where", "Digit that fits"))

        assert {printed: right for printed, _where, right in rows} == WRONG_IN_PRINT

    def test_prints_normal_forms_as_they_are_read(self):
        columns = ("Received", "Form", "Normal form")
        for received, form, normal in rows_under("identifiers.md", columns=columns):
            is_evse = "*" in normal
            read = parse_evse_id(received) if is_evse else parse_contract_id(received)

            assert (read.form, read.normal) == (form, normal), received
