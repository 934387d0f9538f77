"""A statement's frozen content as a page, with its annex inside."""

from django.template.loader import render_to_string

from billing.documents.content import EmbeddableAnnex, StatementContent
from billing.documents.pdf import Embedded, pdf_of
from billing.documents.statement_text import annex_description, shown

_TEMPLATE = "billing/documents/statement.html"


def render_statement(content: StatementContent, *, annex: EmbeddableAnnex | None = None) -> bytes:
    """Render the statement; ``annex`` is embedded as a supplement to it.

    However many records the annex has; what it costs: ``python -m tests.benchmarks documents``.
    """
    embedded = []
    if annex:
        embedded.append(
            Embedded(
                name=annex.file_name,
                media_type=annex.media_type,
                file=annex.file,
                description=annex_description(content),
                relationship="Supplement",
            )
        )
    return pdf_of(
        render_to_string(_TEMPLATE, {"content": content, **shown(content)}),
        style_sheets=["paper.css", "statement.css"],
        at=content.issued_at,
        embedded=embedded,
    )
