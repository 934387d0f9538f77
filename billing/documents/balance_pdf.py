"""A balance confirmation as a page in the partner's language."""

from django.template.loader import render_to_string

from billing.documents.balance_content import AccountLine, BalanceContent
from billing.documents.balance_words import WORDS
from billing.documents.content import Company
from billing.documents.languages import Writer, writer_for
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
    direction = "RECEIVES" if content.balance_minor > 0 else "PAYS"
    return {
        "language": writer.language,
        "t": words,
        "house_lines": _address(content.house),
        "partner_lines": _address(content.partner),
        "created": content.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "facts": [
            (words["number"], content.number),
            (words["as_of"], writer.instant(content.as_of, content.time_zone)),
            (words["issued"], writer.instant(content.issued_at, content.time_zone)),
            (words["answer_until"], writer.day(content.answer_until_date)),
            (words["currency"], content.currency),
        ],
        "as_of": writer.instant(content.as_of, content.time_zone),
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


def _address(company: Company) -> list[str]:
    town = f"{company.postal_code} {company.city}".strip()
    return [line for line in (company.street, town, company.country_code) if line]
