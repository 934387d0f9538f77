"""Letters that came back: a delivery status notification (RFC 3464) as what it says."""

from email import message_from_bytes, policy
from email.message import Message
from typing import NamedTuple, TypeGuard


class Bounce(NamedTuple):
    """``message_id`` is that of our letter, with its angle brackets; ``reason`` in their words."""

    message_id: str
    reason: str


def read_bounce(raw: bytes) -> Bounce | None:
    """Return what a mail says of a letter of ours that failed; None where it says no such thing.

    A notice of delay is no bounce: the letter may still arrive.
    """
    mail = message_from_bytes(raw, policy=policy.default)
    reason = message_id = ""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            for status in filter(_is_message, part.get_payload()):
                if str(status.get("Action", "")).strip().lower() == "failed":
                    said = status.get("Diagnostic-Code") or status.get("Status") or "failed"
                    reason = " ".join(str(said).split())
        elif kind in {"message/rfc822", "text/rfc822-headers"}:
            message_id = _original_id(part)
    if not reason or not message_id:
        return None
    return Bounce(message_id, reason)


def _is_message(part: object) -> TypeGuard[Message]:
    return isinstance(part, Message)


def _original_id(part) -> str:
    if part.get_content_type() == "message/rfc822":
        letter = part.get_payload(0)
    else:
        letter = message_from_bytes(part.get_payload(decode=True), policy=policy.default)
    return str(letter.get("Message-ID", "")).strip()
