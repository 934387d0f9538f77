"""What people of a partner fill in about a dispute, and how each verb is asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from partners.portal_fields import AmountField
from roaming.rules.dispute import REASONS

LONGEST_TEXT = 2000
# As many as a claim has: who offers all but a part of 7.1662 must be able to say so.
_DECIMALS = 6


def _text(*, is_required: bool, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        required=is_required,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea({"rows": 3}),
        help_text=help_text,
        validators=[ProhibitNullCharactersValidator()],
    )


def _amount(label, *, is_required: bool = True) -> AmountField:
    return AmountField(
        label=label,
        required=is_required,
        max_digits=18,
        decimal_places=_DECIMALS,
    )


def reason_choices(codes: Iterable[str]) -> list[tuple[str, str]]:
    """In the language of who fills the form in."""
    return [
        ("", gettext("Choose what is wrong")),
        *((code, f"{code} {gettext(REASONS[code].title)}") for code in codes),
    ]


def _reasons() -> list[tuple[str, str]]:
    return reason_choices(REASONS)


class OpenForm(forms.Form):
    """A new dispute."""

    reason = forms.ChoiceField(choices=_reasons)
    amount = _amount(gettext_lazy("How much of it is wrong"), is_required=False)
    text = _text(is_required=False)

    def offer(self, codes: Iterable[str]) -> None:
        """Show only these reasons; another one that is sent is refused by the rule, in words."""
        self.fields["reason"].widget.choices = reason_choices(codes)


class WordsForm(forms.Form):
    """Nothing but words."""

    text = _text(is_required=True)


class FewWordsForm(forms.Form):
    """Words where one likes."""

    text = _text(is_required=False)


class OfferForm(WordsForm):
    """What the record is worth, and why."""

    amount = _amount(gettext_lazy("The record is worth"))
    field_order = ("amount", "text")


class FileForm(forms.Form):
    """A file of evidence."""

    file = forms.FileField(
        max_length=255,
        widget=forms.FileInput({"accept": ".pdf,.png,.jpg,.jpeg,.csv,.json,.xml,.ocmf,.txt"}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbAsked:
    """How one verb is offered: its button, what it does, whether it is for ever."""

    button: str
    sentence: str
    done: str
    form_class: type[forms.Form] = FewWordsForm
    is_final: bool = False


VERBS: Mapping[str, VerbAsked] = {
    "confirm": VerbAsked(
        button=gettext_noop("Confirm the dispute"),
        sentence=gettext_noop(
            "Matching found that both sides differ. Confirmed, the operator has seven days."
        ),
        done=gettext_noop("The dispute is confirmed; the operator is told."),
    ),
    "accept": VerbAsked(
        button=gettext_noop("Accept: the provider is right"),
        sentence=gettext_noop(
            "You say that the provider is right. The provider has five days to agree; without"
            " a reply it stands."
        ),
        done=gettext_noop("Your answer is on its way to the provider."),
        is_final=True,
    ),
    "partial": VerbAsked(
        button=gettext_noop("Offer a part"),
        sentence=gettext_noop(
            "You say what the record is worth. The provider has five days to agree; without a"
            " reply your offer stands."
        ),
        done=gettext_noop("Your offer is on its way to the provider."),
        form_class=OfferForm,
        is_final=True,
    ),
    "reject": VerbAsked(
        button=gettext_noop("Reject: the record is right"),
        sentence=gettext_noop(
            "You say that the record is right, and why. The provider has five days to contest;"
            " without a reply the record stands."
        ),
        done=gettext_noop("Your answer is on its way to the provider."),
        form_class=WordsForm,
        is_final=True,
    ),
    "agree": VerbAsked(
        button=gettext_noop("Agree"),
        sentence=gettext_noop("The operator's answer takes effect at once."),
        done=gettext_noop("Agreed: the dispute is over."),
        is_final=True,
    ),
    "contest": VerbAsked(
        button=gettext_noop("Contest"),
        sentence=gettext_noop(
            "You do not agree, and say why. The clearing house takes it up and decides."
        ),
        done=gettext_noop("The clearing house takes it up."),
        form_class=WordsForm,
        is_final=True,
    ),
    "appeal": VerbAsked(
        button=gettext_noop("Appeal"),
        sentence=gettext_noop(
            "Somebody else at the clearing house decides again. One appeal is heard."
        ),
        done=gettext_noop("Your appeal is heard by another person."),
        form_class=WordsForm,
        is_final=True,
    ),
    "withdraw": VerbAsked(
        button=gettext_noop("Withdraw the dispute"),
        sentence=gettext_noop("The record stands as it was claimed."),
        done=gettext_noop("The dispute is withdrawn; the record stands."),
        is_final=True,
    ),
    "message": VerbAsked(
        button=gettext_noop("Write a message"),
        sentence=gettext_noop("The other side and the clearing house read it."),
        done=gettext_noop("Your message is sent."),
        form_class=WordsForm,
    ),
}
