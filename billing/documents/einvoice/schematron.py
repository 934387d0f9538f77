"""Asks the Schematron process, and starts it again when it died or took too long.

One process for each of ours, kept over many documents: compiling the rules takes a second, a
document some milliseconds. A validator that did not run is an error, never a yes.
"""

import atexit
import json
import os
import select
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import msgspec

from billing.documents.einvoice.rule_sets import Syntax

# Compiling both rule sets takes some two seconds on one core; a document 20 ms.
TIMEOUT_S = 60.0

_ROOT = Path(__file__).resolve().parents[3]
_COMMAND = (sys.executable, "-m", "billing.documents.einvoice.schematron_worker")


class SchematronNotRun(Exception):
    """The rules were not applied: the process died, took too long, failed, or no rule fired."""


class FailedAssert(msgspec.Struct, frozen=True):
    """A rule that the document breaks; ``flag`` is "fatal" or "warning"."""

    rule: str
    flag: str
    location: str
    text: str


class Verdict(msgspec.Struct, frozen=True):
    """How many rules fired, always more than none, and which were broken."""

    fired: int
    failed: list[FailedAssert]

    @property
    def is_valid(self) -> bool:
        return not any(one.flag != "warning" for one in self.failed)


class SchematronProcess:
    """A process that answers one question at a time; threads wait for each other."""

    def __init__(self, command: tuple[str, ...] = _COMMAND, *, timeout_s: float = TIMEOUT_S):
        self._command, self._timeout_s = command, timeout_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        # A forked child must not speak into the pipe of its parent.
        self._owner = 0

    def judge(self, xml: bytes, *, syntax: Syntax) -> Verdict:
        """Apply the rules of a syntax to a document.

        :raises SchematronNotRun: see there; the next call starts a new process.
        """
        question = json.dumps({"syntax": syntax, "xml": xml.decode()}).encode() + b"\n"
        with self._lock:
            try:
                answer = self._ask(question)
            except (OSError, ValueError) as error:
                self._end()
                raise SchematronNotRun(f"The Schematron process gave no answer: {error}") from error
        if "error" in answer:
            raise SchematronNotRun(f"The rules could not be applied: {answer['error']}")
        verdict = msgspec.convert(answer, Verdict)
        if verdict.fired < 1:
            raise SchematronNotRun(f"No rule of {syntax} fired: that is no document of its kind.")
        return verdict

    def close(self) -> None:
        """End the process; another question starts a new one."""
        with self._lock:
            self._end()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def _ask(self, question: bytes) -> dict:
        process = self._running()
        stdin, stdout = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        stdin.write(question)
        stdin.flush()
        return json.loads(self._line(stdout.fileno()))

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process and self._owner == os.getpid() and self._process.poll() is None:
            return self._process
        if self._owner == os.getpid():
            self._end()
        self._owner = os.getpid()
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT
        )
        return self._process

    def _line(self, source: int) -> bytes:
        """Read one line; an answer that never ends is no verdict.

        :raises OSError: nothing came for too long, or the process ended.
        """
        line = b""
        while not line.endswith(b"\n"):
            readable, _, _ = select.select([source], [], [], self._timeout_s)
            if not readable:
                raise TimeoutError(f"none within {self._timeout_s} s")
            part = os.read(source, 65536)
            if not part:
                raise BrokenPipeError("it ended")
            line += part
        return line

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        process.wait()
        for pipe in filter(None, (process.stdin, process.stdout)):
            # What was never read by a dead process is lost anyway.
            with suppress(OSError):
                pipe.close()


_shared = SchematronProcess()
atexit.register(_shared.close)


def judge(xml: bytes, *, syntax: Syntax) -> Verdict:
    """Apply the rules in the process that this one keeps.

    :raises SchematronNotRun: the rules were not applied.
    """
    return _shared.judge(xml, syntax=syntax)
