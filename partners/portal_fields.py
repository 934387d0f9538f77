"""Fields of the portal's forms."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext

from clearinghouse.typed_numbers import NumberUnclear, NumberUnreadable, read_number


class AmountField(forms.DecimalField):
    """An amount typed with a comma or a point; what may mean two things is asked again."""

    widget = forms.TextInput({"inputmode": "decimal", "autocomplete": "off"})

    # The stubs derive the field from that of whole numbers.
    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if value in self.empty_values:
            return None
        try:
            return super().to_python(read_number(str(value)))
        except NumberUnclear:
            text = gettext(
                "%(typed)s may be read in two ways: leave the sign between thousands out, or write"
                " two decimals."
            )
            raise forms.ValidationError(text % {"typed": value}, code="unclear") from None
        except NumberUnreadable:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None
