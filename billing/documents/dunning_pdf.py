"""A dunning letter as a page in the partner's language."""

from django.template.loader import render_to_string

from billing.documents.content import Company
from billing.documents.dunning_content import DunningContent
from billing.documents.dunning_words import WORDS
from billing.documents.languages import writer_for
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
    pay_to = (content.pay_to_holder, content.pay_to, content.reference)
    names = (words["holder"], words["account"], words["reference"])
    return {
        "language": writer.language,
        "t": words,
        "title": words[f"title_{content.level}"],
        "text": words[f"text_{content.level}"],
        "house_lines": _address(content.house),
        "partner_lines": _address(content.partner),
        "created": content.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "issued": writer.instant(content.issued_at, content.time_zone),
        "facts": [
            (words["number"], content.number),
            (words["issued"], writer.instant(content.issued_at, content.time_zone)),
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


def _address(company: Company) -> list[str]:
    town = f"{company.postal_code} {company.city}".strip()
    return [line for line in (company.street, town, company.country_code) if line]
