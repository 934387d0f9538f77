"""How a statement's position is paid, and what stands beside it, in the reader's language."""

from billing.documents import statement_lines as lines
from billing.documents.content import ExchangeFacts, StatementContent
from billing.documents.languages import Writer

_BANK_TEXTS = {
    ("INSTRUCTION_ONLY", "RECEIVES"): "pay_instruction_receives",
    ("INSTRUCTION_ONLY", "PAYS"): "pay_instruction_pays",
    ("HELD", "RECEIVES"): "pay_held_receives",
    ("HELD", "PAYS"): "pay_held_pays",
}

Rows = list[tuple[str, str]]


def bank_texts(content: StatementContent, writer: Writer, texts: dict[str, str]) -> list[str]:
    """Who pays, and what is missing for it."""
    direction, bank = content.position.direction, content.bank
    if content.status != "FINAL":
        return [texts["pay_later"]]
    if content.exchange:
        return [_paid_elsewhere(content, content.exchange, writer, texts)]
    if bank.collection:
        day = writer.day(bank.collection.collection_date)
        return [texts["pay_collected"].format(day=day)]
    flow = "INSTRUCTION_ONLY" if bank.money_flow == "INSTRUCTION_ONLY" else "HELD"
    told = [texts[_BANK_TEXTS.get((flow, direction), "pay_nothing")]]
    if bank.account_of == "NONE":
        if direction == "PAYS" and flow == "HELD":
            told.append(texts["account_follows"].format(number=content.number))
        elif direction == "RECEIVES":
            told.append(
                texts["no_account"].format(currency=content.currency, number=content.number)
            )
    return told


def _paid_elsewhere(
    content: StatementContent, exchange: ExchangeFacts, writer: Writer, texts: dict[str, str]
) -> str:
    rates = exchange.rates
    if exchange.per_euro and exchange.rate_date:
        rates = lines.told_rates(exchange.per_euro, exchange.rate_date, writer, texts)
    return texts["pay_elsewhere"].format(
        currency=content.currency, other=exchange.currency, group=exchange.group, rates=rates
    )


def bank_facts(content: StatementContent, writer: Writer, texts: dict[str, str]) -> Rows:
    """The account, the references and the day; empty where no account is named."""
    bank = content.bank
    if bank.account_of == "NONE":
        return []
    notice = bank.collection
    told = [
        (texts["account_holder"], bank.holder),
        (texts["debited_account"] if notice else "IBAN", bank.iban),
        ("BIC", bank.bic),
        (texts["reference"], bank.reference),
        (texts["creditor_reference"], _in_fours(bank.creditor_reference)),
    ]
    if notice:
        told += [
            (texts["collection_date"], writer.day(notice.collection_date)),
            (texts["mandate"], notice.mandate_reference),
            (texts["creditor_id"], notice.creditor_id),
        ]
    elif bank.due_date:
        told.append((texts["due_date"], writer.day(bank.due_date)))
    return [(label, value) for label, value in told if value]


def _in_fours(reference: str) -> str:
    """As ISO 11649 is printed."""
    return " ".join(reference[i : i + 4] for i in range(0, len(reference), 4))


def beside(content: StatementContent, writer: Writer, texts: dict[str, str]) -> Rows:
    """What is in dispute and so in no position, and the cover that is held."""
    currency = content.currency
    told = []
    for line in content.disputed:
        words = texts["sdrs_one" if line.sdrs == 1 else "sdrs_many"]
        count = words.format(count=writer.count(line.sdrs))
        amount = f"{writer.amount(line.amount_minor, currency)} {currency}"
        told.append((texts[f"disputed_{line.side.lower()}"], f"{amount} ({count})"))
    for cover in content.cover:
        name = cover.account.lower()
        held = f"{writer.amount(cover.held_minor, currency)} {currency}"
        told.append((texts[f"{name}_held"], held))
        if cover.drawn_minor:
            drawn = f"{writer.amount(cover.drawn_minor, currency)} {currency}"
            told.append((texts[f"{name}_drawn"], drawn))
    return told
