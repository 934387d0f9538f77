"""What keeps money from leaving, told where somebody looks for the button."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.messages.sepa import CURRENCY
from partners.admin.story import INFO, WARN, Note
from partners.models import BankAccount
from partners.queries import clearing_house, in_period


def _with_link(text: str, page: str, words: str) -> SafeString:
    return format_html('{} <a class="ch-link" href="{}">{}</a>.', text, reverse(page), words)


NOTHING_YET = Note(
    "Nothing can go into a file yet; the table says what each partner waits for. What debtors paid"
    " in is known once the bank's file is imported, under Statements of account.",
    INFO,
    "Nothing to propose yet",
)


def notes_before_proposing(*, now: datetime) -> list[Note]:
    """Why no file can be proposed at all, and what is done instead; empty where one can."""
    if settings.MONEY_FLOW == "INSTRUCTION_ONLY":
        text = _with_link(
            "There is no payment file to prepare: partners pay each other, and each statement says"
            " whom, how much and by when. Who pays whom is under",
            "admin:billing_instruction_changelist",
            "Instructions",
        )
        return [Note(text, INFO, "The clearing house moves no money")]
    accounts = BankAccount.objects.filter(
        in_period(now), partner=clearing_house(), currency=CURRENCY
    )
    if accounts.exists():
        return []
    text = _with_link(
        "Debtors are not told where to pay, and no file can be made. Enter it, with the clearing"
        " house as partner, under",
        "admin:partners_bankaccount_changelist",
        "Bank accounts",
    )
    return [Note(text, WARN, f"The clearing house has no bank account in {CURRENCY}")]
