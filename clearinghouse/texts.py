"""The catalogs of what people read: gathered from templates and code, kept as .po, read as .mo.

English is written where it stands and is the key. Babel does what GNU gettext would; no program
of the machine is needed. ``manage.py texts`` brings the catalogs up to date.
"""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, get_args

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.template.base import Node, Template
from django.template.engine import Engine
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

from billing.models import Invoice, Payment, PositionState
from billing.rules.whereabouts_told import StepName
from partners.models import BankDetailChange, RoamingEndpoint
from partners.rules.roles import PARTNER_ROLES
from roaming.models import Delivery, SdrState
from roaming.rules import dispute
from roaming.rules.catalog import RULES, STRUCTURE
from roaming.views.dispute_pages import plain_words

LANGUAGES = ("de", "fr")
_PLURALS = {"de": "nplurals=2; plural=(n != 1);", "fr": "nplurals=2; plural=(n > 1);"}
# Pages and letters of partners and of logins; the admin and the paper documents have their own.
_TEMPLATES = ("*.html", "account/**/*", "allauth/**/*", "mfa/**/*", "portal/*.html")
_ROOMS = ("clearinghouse", "partners", "roaming", "billing")
_NOT_HERE = {"migrations", "admin", "locale"}
_KEYWORDS: dict = {
    name: None for name in ("gettext", "gettext_lazy", "gettext_noop", "say")
} | {name: (1, 2) for name in ("ngettext", "ngettext_lazy")} | {
    name: ((1, "c"), 2) for name in ("pgettext", "pgettext_lazy")
}  # fmt: skip
# Catalogs are files of the repository: the same texts make the same bytes.
_WRITTEN_AT = datetime(2026, 1, 1, tzinfo=UTC)
_NAME = "django"
# What stands in for an empty value: {{ … |default:_("not stated") }}
_IN_A_FILTER = re.compile(r':_\("([^"]+)"\)')

# Choices of tables that pages of partners show by ``{% translate … %}``.
_SHOWN_CHOICES = (
    Invoice.TypeCode, Payment.Purpose, Payment.State, PositionState.State, BankDetailChange.State,
    Delivery.Kind,
    RoamingEndpoint.State,
)  # fmt: skip
# Words of the code that pages show with a capital: steps, states, standings, parts of a price.
_SHOWN_WORDS = (
    *("own network", "sold", "bought"),
    *(word.capitalize() for word in get_args(StepName)),
    *(word.capitalize() for word in SdrState.State.values),
    *("Open", "Held", "Disputed", "Accepted", "Correction"),
    *("Energy", "Flat", "Time", "Parking_time", "Rounding"),
)
# What allauth's own catalogs say carelessly, du beside Sie: said here, where ours come first.
_SAID_BETTER = (
    "Forgotten your password? Enter your email address below, and we'll send you an email"
    " allowing you to reset it.",
    "Please contact us if you have any trouble resetting your password.",
    "The password reset link was invalid, possibly because it has already been used.  Please"
    ' request a <a href="%(passwd_reset_url)s">new password reset</a>.',
    "We have sent you an email. If you have not received it please check your spam folder."
    " Otherwise contact us if you do not receive it in a few minutes.",
    "You are about to deactivate authenticator app based authentication. Are you sure?",
    "You are about to generate a new set of recovery codes for your account.",
    "You have signed out.",
    "Your password is now changed.",
    "Please type your current password.",
    "You must type the same password each time.",
    "Your account has no password set up.",
    "Be patient, you are sending too many requests.",
    "Added on %(created_at)s",
    "Last used %(last_used)s",
    "Create Passkey",
    "Passkey",
    "Remove",
)


class Text(NamedTuple):
    """One message: its key, its plural where it has one, its context where it needs one."""

    key: str
    plural: str = ""
    context: str = ""


def gathered() -> dict[Text, str]:
    """Every message, and where it stands first."""
    found: dict[Text, str] = {}
    for text, place in (*_of_templates(), *_of_code(), *_of_tables(), *_of_words()):
        found.setdefault(text, place)
    return found


def folder_of(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES"


def catalog_of(language: str) -> Catalog:
    """As it lies in the repository."""
    path = folder_of(language) / f"{_NAME}.po"
    if not path.exists():
        return _empty(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def brought_up_to_date(language: str) -> Catalog:
    """The catalog with exactly the messages that there are; new ones have no translation yet."""
    old, new = catalog_of(language), _empty(language)
    for text, place in sorted(gathered().items()):
        key = (text.key, text.plural) if text.plural else text.key
        kept = old.get(text.key, text.context or None)
        is_same = kept is not None and isinstance(kept.id, tuple) == bool(text.plural)
        new.add(
            key,
            kept.string if kept is not None and is_same else None,
            locations=[(place, 0)],
            context=text.context or None,
        )
    return new


def po_bytes(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=96, include_lineno=False)
    return buffer.getvalue()


def mo_bytes(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def write(catalog: Catalog, language: str) -> None:
    folder = folder_of(language)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{_NAME}.po").write_bytes(po_bytes(catalog))
    (folder / f"{_NAME}.mo").write_bytes(mo_bytes(catalog))


def _empty(language: str) -> Catalog:
    catalog = Catalog(
        locale=language,
        project="clearinghouse",
        version="1",
        copyright_holder="the authors of the clearing house",
        creation_date=_WRITTEN_AT,
        revision_date=_WRITTEN_AT,
        last_translator="the authors of the clearing house",
        language_team=language,
        msgid_bugs_address="none",
        fuzzy=False,
        header_comment="# Written by `manage.py texts`: translate here, then run it again.",
    )
    # As Django's own catalogs of the language count: its plural forms must be the same.
    catalog.mime_headers = [("Plural-Forms", _PLURALS[language])]
    return catalog


def _of_templates() -> Iterator[tuple[Text, str]]:
    root = settings.BASE_DIR / "templates"
    engine = Engine.get_default()
    for pattern in _TEMPLATES:
        for path in sorted(one for one in root.glob(pattern) if one.is_file()):
            place, source = f"templates/{path.relative_to(root)}", path.read_text()
            for node in _nodes(Template(source, engine=engine)):
                if text := _text_of(node):
                    yield text, place
            for literal in _IN_A_FILTER.findall(source):
                yield _asked_by_template(literal), place


def _nodes(template: Template) -> Iterator[Node]:
    for kind in (TranslateNode, BlockTranslateNode):
        yield from template.nodelist.get_nodes_by_type(kind)


def _text_of(node: Node) -> Text | None:
    """None for what is looked up by the value of a variable: that is gathered where it is said."""
    context = getattr(node, "message_context", None)
    said = str(context.var) if context else ""
    if isinstance(node, TranslateNode):
        literal = node.filter_expression.var.literal
        return _asked_by_template(literal, said) if isinstance(literal, str) else None
    assert isinstance(node, BlockTranslateNode)  # noqa: S101 for mypy
    singular, _ = node.render_token_list(node.singular)
    plural, _ = node.render_token_list(node.plural) if node.plural else ("", [])
    return Text(singular, plural, said)


def _asked_by_template(text: str, context: str = "") -> Text:
    """``{% translate %}`` looks up a text with its percent signs doubled."""
    return Text(text.replace("%", "%%"), context=context)


def _of_code() -> Iterator[tuple[Text, str]]:
    for room in _ROOMS:
        for path in sorted((settings.BASE_DIR / room).rglob("*.py")):
            place = path.relative_to(settings.BASE_DIR)
            if _NOT_HERE.intersection(place.parts):
                continue
            for _, message, _, context in extract_from_file("python", path, keywords=_KEYWORDS):
                key, plural = message if isinstance(message, tuple) else (message, "")
                yield Text(key, plural or "", context or ""), place.as_posix()


def _of_tables() -> Iterator[tuple[Text, str]]:
    """What tables of rules say in English, and pages tell by ``{% translate … %}``."""
    for rule in (STRUCTURE, *RULES):
        yield _asked_by_template(rule.title), "roaming/rules/catalog.py"
        yield _asked_by_template(rule.remedy), "roaming/rules/catalog.py"
    for role in PARTNER_ROLES.values():
        yield _asked_by_template(role.label), "partners/rules/roles.py"
        yield _asked_by_template(role.told), "partners/rules/roles.py"
    for reason in dispute.REASONS.values():
        yield Text(reason.title), "roaming/rules/dispute.py"
        yield Text(reason.evidence), "roaming/rules/dispute.py"
    for text in (*dispute.STAGES_IN_WORDS, *dispute.NEXT_STEPS_IN_WORDS):
        yield Text(text), "roaming/rules/dispute.py"
        yield Text(plain_words(text)), "roaming/rules/dispute.py"


def _of_words() -> Iterator[tuple[Text, str]]:
    """Words and choices that pages look up by their value, and what we say better."""
    for word in _SHOWN_WORDS:
        yield Text(word), "templates/portal"
    for text in _SAID_BETTER:
        yield Text(text), "allauth"
    for choices in _SHOWN_CHOICES:
        for label in choices.labels:
            yield Text(str(label)), choices.__module__.replace(".", "/") + ".py"
