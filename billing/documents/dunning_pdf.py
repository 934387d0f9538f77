"""A dunning letter as a page in the partner's language."""

from django.template.loader import render_to_string

from billing.documents.dunning_content import DunningContent
from billing.documents.dunning_words import WORDS
from billing.documents.languages import writer_for
from billing.documents.letterhead import address_lines, head_of
from billing.documents.pdf import pdf_of


def render_dunning(content: DunningContent) -> bytes:
    """The bytes of its PDF; the same content gives the same bytes."""
    return pdf_of(
        render_to_string("billing/documents/dunning.html", {"content": content, **shown(content)}),
        style_sheets=["paper.css", "balance.css"],
        at=content.issued_at,
    )


def shown(content: DunningContent) -> dict[str, object]:
    """What the page prints, as strings."""
    writer = writer_for(content.language)
    words, currency = WORDS[writer.language], content.currency
    issued = writer.instant(content.issued_at, content.time_zone)
    pay_to = (content.pay_to_holder, content.pay_to, content.reference)
    names = (words["holder"], words["account"], words["reference"])
    return {
        "language": writer.language,
        "t": words,
        "heading": words[f"title_{content.level}"],
        "title": f"{words[f'title_{content.level}']} {content.number}",
        "author": content.house.legal_name,
        "description": f"{words[f'title_{content.level}']}, {content.partner.legal_name}, {issued}",
        "text": words[f"text_{content.level}"],
        "letterhead": head_of(content.house, vat_id=words["vat_id"]),
        "partner_lines": address_lines(content.partner),
        "created": content.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "facts": [
            (words["number"], content.number),
            (words["issued"], issued),
            (words["currency"], currency),
        ],
        "large": writer.amount(content.total_minor, currency),
        "rows": [
            (
                item.statement,
                writer.day(item.due_date),
                writer.count(item.days_late),
                writer.amount(item.interest_minor, currency),
                writer.amount(item.open_minor, currency),
            )
            for item in content.items
        ],
        "charged": writer.amount(content.charged_minor, currency) if content.charged_minor else "",
        "total": writer.amount(content.total_minor, currency),
        "claim": words["claim"].format(
            lump_sum=f"{writer.amount(content.lump_sum_minor, currency)} {currency}"
        )
        if content.lump_sum_minor
        else "",
        "pay_to": [row for row in zip(names, pay_to, strict=True) if row[1]],
    }
