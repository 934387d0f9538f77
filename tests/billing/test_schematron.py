"""The process that runs the rules: it dies, hangs and lies, and never is that a yes."""

import os
import signal
import sys
import textwrap
import threading

import pytest

from billing.documents.einvoice.cii import build_cii
from billing.documents.einvoice.schematron import SchematronNotRun, SchematronProcess
from billing.documents.einvoice.ubl import build_ubl
from tests.billing.invoice_samples import invoice


@pytest.fixture(scope="module")
def process():
    running = SchematronProcess()
    yield running
    running.close()


def stand_in(answer: str) -> tuple[str, ...]:
    """A process of another program in place of the rules."""
    return (sys.executable, "-c", textwrap.dedent(answer))


class TestSchematronProcess:
    def test_counts_the_rules_that_fired(self, process):
        assert process.judge(build_cii(invoice()), syntax="CII").fired > 80
        assert process.judge(build_ubl(invoice()), syntax="UBL").fired > 60

    def test_answers_many_from_one_process(self, process):
        process.judge(build_ubl(invoice()), syntax="UBL")
        first = process.pid

        process.judge(build_ubl(invoice()), syntax="UBL")

        assert process.pid == first != os.getpid()

    def test_takes_a_document_to_which_no_rule_applies_for_an_error(self, process):
        with pytest.raises(SchematronNotRun, match="No rule of CII fired"):
            process.judge(build_ubl(invoice()), syntax="CII")

    def test_takes_what_is_no_xml_for_an_error_and_goes_on(self, process):
        with pytest.raises(SchematronNotRun, match="could not be applied"):
            process.judge(b"<Invoice", syntax="UBL")

        assert process.judge(build_ubl(invoice()), syntax="UBL").is_valid

    def test_is_started_again_when_it_died(self, process):
        process.judge(build_ubl(invoice()), syntax="UBL")
        died = process.pid
        os.kill(died, signal.SIGKILL)
        os.waitid(os.P_PID, died, os.WEXITED | os.WNOWAIT)

        verdict = process.judge(build_ubl(invoice()), syntax="UBL")

        assert verdict.is_valid
        assert process.pid != died

    def test_serves_threads_one_after_the_other(self, process):
        verdicts = []
        threads = [
            threading.Thread(
                target=lambda: verdicts.append(process.judge(build_ubl(invoice()), syntax="UBL"))
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [verdict.is_valid for verdict in verdicts] == [True] * 8

    @pytest.mark.parametrize(
        "answer",
        [
            "import time; time.sleep(60)",
            "raise SystemExit(99)",
            "print('no json', flush=True)",
            "import sys; sys.stdout.write('{\"fired\": 3'); sys.stdout.flush()",
        ],
        ids=["hangs", "dies", "babbles", "dies amid its answer"],
    )
    def test_gives_no_verdict_of_a_process_that_fails(self, answer):
        broken = SchematronProcess(stand_in(answer), timeout_s=1)

        with pytest.raises(SchematronNotRun):
            broken.judge(build_ubl(invoice()), syntax="UBL")

        assert broken.pid is None

    def test_takes_no_rule_fired_for_no_verdict(self):
        silent = SchematronProcess(
            stand_in("""
                for line in iter(input, None):
                    print('{"fired": 0, "failed": []}', flush=True)
            """),
            timeout_s=10,
        )

        with pytest.raises(SchematronNotRun, match="No rule"):
            silent.judge(build_ubl(invoice()), syntax="UBL")
        silent.close()
