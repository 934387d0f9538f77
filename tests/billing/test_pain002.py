"""Status reports of banks, in the versions that they answer in, and what is none."""

import pytest

from billing.messages.pain002 import NotReadable, Reason, read

HEAD = "<GrpHdr><MsgId>BANK-1</MsgId><CreDtTm>2027-02-09T10:00:00</CreDtTm></GrpHdr>"
ORIGINAL = "<OrgnlMsgId>M1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"


def report(group: str, *blocks: str, version: str = "10", head: str = "") -> bytes:
    space = f"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<Document xmlns="{space}"><CstmrPmtStsRpt>'
        f"{HEAD}<OrgnlGrpInfAndSts>{ORIGINAL}{group}</OrgnlGrpInfAndSts>"
        f"{''.join(blocks)}</CstmrPmtStsRpt></Document>"
    ).encode()


def block(status: str, *rows: str) -> str:
    said = f"<PmtInfSts>{status}</PmtInfSts>" if status else ""
    return (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>P1</OrgnlPmtInfId>{said}{''.join(rows)}"
        "</OrgnlPmtInfAndSts>"
    )


def row(end_to_end_id: str, status: str, reason: str = "") -> str:
    return (
        f"<TxInfAndSts><OrgnlEndToEndId>{end_to_end_id}</OrgnlEndToEndId>"
        f"<TxSts>{status}</TxSts>{reason}</TxInfAndSts>"
    )


def why(code: str, text: str = "", kind: str = "Cd") -> str:
    added = f"<AddtlInf>{text}</AddtlInf>" if text else ""
    return f"<StsRsnInf><Rsn><{kind}>{code}</{kind}></Rsn>{added}</StsRsnInf>"


class TestReading:
    @pytest.mark.parametrize("version", ["03", "09", "10", "12"])
    @pytest.mark.parametrize("status", ["ACTC", "ACCP", "ACSP", "ACSC", "ACWC"])
    def test_a_file_that_is_taken(self, version, status):
        found = read(report(f"<GrpSts>{status}</GrpSts>", version=version))

        assert (found.message_id, found.original_message_id) == ("BANK-1", "M1")
        assert found.is_accepted()
        assert not found.is_rejected_whole()
        assert found.rejected() == {}

    def test_a_file_that_is_refused(self):
        found = read(report(f"<GrpSts>RJCT</GrpSts>{why('FF01', 'No such format')}"))

        assert found.is_rejected_whole()
        assert not found.is_accepted()
        assert found.whole_reasons() == (Reason("FF01", "No such format"),)

    def test_a_block_that_is_refused_is_the_whole_file(self):
        found = read(report("", block("RJCT")))

        assert found.is_rejected_whole()

    def test_payments_that_are_refused_one_by_one(self):
        found = read(
            report(
                "<GrpSts>PART</GrpSts>",
                block(
                    "PART",
                    row("E1", "ACSC"),
                    row("E2", "RJCT", why("AC04", "closed")),
                    row("E3", "RJCT", why("DT01", kind="Prtry")),
                    row("E4", "PDNG"),
                ),
            )
        )

        assert found.is_accepted()
        assert not found.is_rejected_whole()
        assert found.rejected() == {
            "E2": (Reason("AC04", "closed"),),
            "E3": (Reason("DT01"),),
        }

    def test_a_payment_takes_the_reason_of_its_block_where_it_has_none(self):
        refused = block("", why("AM04"), row("E1", "RJCT"))

        assert read(report("", refused)).rejected() == {"E1": (Reason("AM04"),)}

    @pytest.mark.parametrize("status", ["PDNG", "RCVD"])
    def test_undecided_is_neither(self, status):
        found = read(report(f"<GrpSts>{status}</GrpSts>"))

        assert not found.is_accepted()
        assert not found.is_rejected_whole()

    def test_what_it_does_not_know_is_passed_over(self):
        found = read(report("<GrpSts>ACTC</GrpSts><NewThing><A>1</A></NewThing>"))

        assert found.is_accepted()


BOMB = (
    '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    "<Document>&b;</Document>"
)
READABLE = report("<GrpSts>ACTC</GrpSts>")


class TestWhatIsNotRead:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "no XML"),
            (b"RJCT", "no XML"),
            (READABLE[:-20], "no XML"),
            (BOMB.encode(), "no XML"),
            (report("<GrpSts>ACTC</GrpSts>", head="<!DOCTYPE a>"), "no XML"),
            (b"<Document/>", "no pain.002"),
            (READABLE.replace(b"CstmrPmtStsRpt", b"BkToCstmrStmt"), "no pain.002"),
            (READABLE.replace(b"OrgnlMsgId", b"OtherMsgId"), "which file"),
            (report(""), "no status"),
            (report("", block("")), "no status"),
            (b" " * 20_000_001, "bytes"),
        ],
    )
    def test_says_why(self, content, reason):
        with pytest.raises(NotReadable, match=reason):
            read(content)
