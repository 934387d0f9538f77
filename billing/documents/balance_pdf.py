"""A balance confirmation as a page in the partner's language."""

from django.template.loader import render_to_string

from billing.documents.balance_content import AccountLine, BalanceContent
from billing.documents.balance_words import WORDS
from billing.documents.languages import Writer, writer_for
from billing.documents.letterhead import address_lines, head_of
from billing.documents.pdf import pdf_of


def render_balance(content: BalanceContent) -> bytes:
    """The bytes of its PDF; the same content gives the same bytes."""
    return pdf_of(
        render_to_string("billing/documents/balance.html", {"content": content, **shown(content)}),
        style_sheets=["paper.css", "balance.css"],
        at=content.issued_at,
    )


def shown(content: BalanceContent) -> dict[str, object]:
    """What the page prints, as strings."""
    writer = writer_for(content.language)
    words = WORDS[writer.language]
    as_of = writer.instant(content.as_of, content.time_zone)
    direction = "RECEIVES" if content.balance_minor > 0 else "PAYS"
    return {
        "language": writer.language,
        "t": words,
        "title": f"{words['title']} {content.number}",
        "author": content.house.legal_name,
        "description": f"{words['title']}, {content.partner.legal_name}, {as_of}",
        "letterhead": head_of(content.house, vat_id=words["vat_id"]),
        "partner_lines": address_lines(content.partner),
        "created": content.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "facts": [
            (words["number"], content.number),
            (words["as_of"], as_of),
            (words["issued"], writer.instant(content.issued_at, content.time_zone)),
            (words["answer_until"], writer.day(content.answer_until_date)),
            (words["currency"], content.currency),
        ],
        "as_of": as_of,
        "headline": words[direction if content.balance_minor else "BALANCED"],
        "large": writer.amount(abs(content.balance_minor), content.currency),
        "lines": _lines(content.lines, content, writer, words),
        "held": _lines(content.held, content, writer, words),
        "sum": writer.amount(content.balance_minor, content.currency, signed=True),
    }


def _lines(
    lines: list[AccountLine], content: BalanceContent, writer: Writer, words: dict[str, str]
) -> list[tuple[str, str]]:
    return [
        (
            f"{line.code} {words[line.code]}",
            writer.amount(line.balance_minor, content.currency, signed=True),
        )
        for line in lines
    ]
