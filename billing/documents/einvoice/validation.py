"""Is an e-invoice what its schema and the official rules demand? Told in a report that is kept."""

from functools import cache

import msgspec
from lxml import etree

from billing.documents.einvoice import schematron
from billing.documents.einvoice.rule_sets import Syntax, UnknownDocument, schema_of
from billing.documents.einvoice.schematron import FailedAssert

# Ours or not: entities are never resolved, nothing is fetched.
_PARSER = {"resolve_entities": False, "no_network": True, "huge_tree": False}


class ValidationReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one document. ``rules_fired`` is 0 only where the schema refused it."""

    syntax: Syntax | None
    schema_errors: list[str]
    rules_fired: int = 0
    failed: list[FailedAssert] = []

    @property
    def is_valid(self) -> bool:
        broken = [one for one in self.failed if one.flag != "warning"]
        return not self.schema_errors and not broken and self.rules_fired > 0


def validate(xml: bytes) -> ValidationReport:
    """Check a document by its XSD, then by the Schematron of its syntax.

    :raises SchematronNotRun: the rules were not applied; ask again, it is no verdict.
    """
    try:
        root = etree.fromstring(xml, etree.XMLParser(**_PARSER))
        schema = _schema(etree.QName(root).localname)
    except (etree.XMLSyntaxError, UnknownDocument) as error:
        return ValidationReport(syntax=None, schema_errors=[str(error)])
    if root.getroottree().docinfo.doctype:
        return ValidationReport(
            syntax=None, schema_errors=["A document type declaration is refused."]
        )
    syntax: Syntax = "CII" if etree.QName(root).localname == "CrossIndustryInvoice" else "UBL"
    if not schema.validate(root):
        errors = [f"line {one.line}: {one.message}" for one in schema.error_log]
        return ValidationReport(syntax=syntax, schema_errors=errors)
    verdict = schematron.judge(xml, syntax=syntax)
    return ValidationReport(
        syntax=syntax, schema_errors=[], rules_fired=verdict.fired, failed=verdict.failed
    )


@cache
def _schema(root_name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(schema_of(root_name)))
