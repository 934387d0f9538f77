"""The process that runs Schematron: one document a line in, one verdict a line out, as JSON.

saxonche ends its whole process when two threads meet in it (exit 99), so that it runs in none of
ours. Started by ``billing.documents.einvoice.schematron``; ends when its input does. Imports
nothing of Django.
"""

import json
import os
import sys
from typing import Any

from lxml import etree
from saxonche import PySaxonApiError, PySaxonProcessor

from billing.documents.einvoice.rule_sets import rules_of

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def main() -> None:
    # Whatever the library prints must not stand between two answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    rules = _Rules()
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = rules.judge(asked["syntax"], asked["xml"])
        except (PySaxonApiError, ValueError, KeyError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class _Rules:
    """Each rule set is compiled once, when it is first asked."""

    def __init__(self) -> None:
        self._processor = PySaxonProcessor(license=False)
        self._compiled: dict[str, Any] = {}

    def judge(self, syntax: str, xml: str) -> dict[str, Any]:
        rules = self._compiled.get(syntax) or self._compile(syntax)
        node = self._processor.parse_xml(xml_text=xml)
        rules.set_global_context_item(xdm_item=node)
        told = rules.transform_to_string(xdm_node=node)
        return _read(told)

    def _compile(self, syntax: str) -> Any:
        path = rules_of(syntax)  # type: ignore[arg-type]
        compiler = self._processor.new_xslt30_processor()
        self._compiled[syntax] = compiler.compile_stylesheet(stylesheet_file=str(path))
        return self._compiled[syntax]


def _read(told: str) -> dict[str, Any]:
    """Count the rules that fired, and list the assertions that failed."""
    report = etree.fromstring(told.encode())
    failed = [
        {
            "rule": one.get("id") or "",
            "flag": one.get("flag") or "fatal",
            "location": one.get("location") or "",
            "text": " ".join("".join(one.itertext()).split()),
        }
        for one in report.iter(f"{_SVRL}failed-assert")
    ]
    return {"fired": len(list(report.iter(f"{_SVRL}fired-rule"))), "failed": failed}


if __name__ == "__main__":
    main()
