"""Bodies of the delivery and webhook calls."""

from datetime import datetime
from typing import Annotated

import msgspec


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything up to the number is stored at the receiver's."""

    receiver: str
    up_to_sequence: Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """The highest number confirmed so far; it never goes back."""

    receiver: str
    confirmed_sequence: int


class WebhookRequest(msgspec.Struct, frozen=True, kw_only=True):
    url: Annotated[str, msgspec.Meta(max_length=500)]


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """The secret is shown this once; PUT again for a new one."""

    url: str
    secret: str


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    is_active: bool
    failing_since: datetime | None
    created_at: datetime
