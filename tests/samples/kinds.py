"""Each kind of PDF that has samples. Add yours: a name, and a function from a language to bytes."""

from collections.abc import Callable

from tests.samples import statement

# The name becomes ``docs/samples/<name>.<language>.pdf``; the words stand in the README there.
KINDS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "statement": (
        "Settlement statement of a seller over two months, with its CSV annex inside",
        statement.statement_pdf,
    ),
    "statement-provisional": (
        "The same before it is final: nobody pays on it, and it may be objected to",
        statement.provisional_pdf,
    ),
}
