"""What a notification says, in the language that is active: one line each, grouped by kind."""

from collections.abc import Mapping
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_lazy, ngettext

TITLES = {
    "RECORDS": gettext_lazy("Records held or refused"),
    "DISPUTES": gettext_lazy("Disputes opened and answered"),
    "DEADLINES": gettext_lazy("Disputes that wait for you, two days before the deadline"),
    "TARIFFS": gettext_lazy("Tariff changes announced to you"),
    "AGREEMENTS": gettext_lazy("Offers of agreements, and answers to yours"),
    "DOCUMENTS": gettext_lazy("Statements, invoices and other documents issued"),
    "PAYMENTS": gettext_lazy("Payments due in three days, or overdue"),
    "CONNECTIONS": gettext_lazy("A connection or webhook that does not answer"),
    "SECRETS": gettext_lazy("Tokens and secrets that run out soon"),
    "NOTICES": gettext_lazy("Maintenance and incidents of the clearing house"),
}
MODES = {
    "AT_ONCE": gettext_lazy("At once"),
    "DAILY": gettext_lazy("Once a day, at seven"),
    "OFF": gettext_lazy("Not by mail"),
}
# Why what cannot be switched off cannot.
REASONS = {
    "DEADLINES": gettext_lazy("Without an answer in time a dispute is decided by the rules."),
    "AGREEMENTS": gettext_lazy("An offer that nobody reads runs out."),
    "PAYMENTS": gettext_lazy("What is paid late costs interest and keeps others from their money."),
    "SECRETS": gettext_lazy("When a secret has run out your systems are cut off."),
}
_LINES = {
    "dispute_opened": gettext_lazy("%(other)s opened the dispute %(number)s."),
    "dispute_moved": gettext_lazy("The dispute %(number)s with %(other)s has moved on."),
    "deadline": gettext_lazy(
        "The dispute %(number)s with %(other)s waits for you until %(until)s."
    ),
    "tariff": gettext_lazy("%(other)s announced a change of the tariff %(tariff)s."),
    "tariff_waits": gettext_lazy(
        "%(other)s announced an increase of the tariff %(tariff)s: your answer is asked until"
        " %(until)s."
    ),
    "offer": gettext_lazy("%(other)s offers you an agreement; it runs out on %(until)s."),
    "offer_accepted": gettext_lazy("%(other)s accepted your offer: the agreement is signed."),
    "offer_declined": gettext_lazy("%(other)s declined your offer and says why."),
    "offer_countered": gettext_lazy("%(other)s answered your offer with other terms."),
    "offer_withdrawn": gettext_lazy("%(other)s withdrew its offer."),
    "offer_expired": gettext_lazy("Your offer to %(other)s ran out."),
    "payment_due": gettext_lazy("A payment for %(period)s is due on %(due)s."),
    "payment_late": gettext_lazy("A payment for %(period)s was due on %(due)s and is open."),
    "connection": gettext_lazy("%(name)s does not answer since %(since)s."),
    "token": gettext_lazy("The token with which %(name)s connects runs out on %(until)s, unused."),
    "former_secret": gettext_lazy(
        "The former webhook secret of %(name)s holds until %(until)s and no longer."
    ),
    "notice": gettext_lazy("%(title)s"),
    "document_statement": gettext_lazy("Statement %(number)s was issued."),
    "document_provisional": gettext_lazy("Provisional statement %(number)s was issued."),
    "document_invoice": gettext_lazy("Invoice or credit note %(number)s was issued."),
    "document_dunning": gettext_lazy("Reminder of payment %(number)s was issued."),
}
_INSTANTS = ("until_at", "since_at")
_DAYS = ("due_date",)


def line_of(facts: Mapping[str, object]) -> str:
    """One sentence; an event that has no words of its own is named as a document is."""
    what = str(facts["what"])
    if what == "records":
        return _records(int(str(facts["held"])), int(str(facts["refused"])))
    words = {name: str(value) for name, value in facts.items()}
    for name in _INSTANTS:
        if words.get(name):
            instant = localtime(datetime.fromisoformat(words[name]))
            words[name.removesuffix("_at")] = date_format(instant, "DATETIME_FORMAT")
    for name in _DAYS:
        if words.get(name):
            day = date.fromisoformat(words[name])
            words[name.removesuffix("_date")] = date_format(day, "DATE_FORMAT")
    known = _LINES.get(what)
    line = str(known) if known is not None else gettext("Document %(number)s was issued.")
    return line % words


def _records(held: int, refused: int) -> str:
    told = []
    if held:
        told.append(
            ngettext("%(count)s record is held", "%(count)s records are held", held)
            % {"count": held}
        )
    if refused:
        told.append(
            ngettext("%(count)s record was refused", "%(count)s records were refused", refused)
            % {"count": refused}
        )
    return gettext("Of the last day: %(told)s. Each says why, and what to do.") % {
        "told": ", ".join(told)
    }
