"""The one door: a text in, its signed readings out."""

from roaming.rules.signed.alfen import read_alfen
from roaming.rules.signed.container import Refused, Value, find_values
from roaming.rules.signed.ocmf import read_ocmf
from roaming.rules.signed.reading import SignedReading, word
from roaming.rules.signed.sessions import with_session_energy


def read_signed_data(text: str, *, public_key: str = "") -> list[SignedReading]:
    """At least one reading, also for a text without any. Never raises, whoever wrote the text.

    ``public_key`` is the registered one and goes before the one in the container.
    """
    try:
        values = find_values(text)
    except Refused as error:
        return [SignedReading(format="", verdict="unsupported", reason=str(error))]
    read = [_read(value, public_key.strip() or value.public_key) for value in values]
    return with_session_energy([one for one, _ in read], [session for _, session in read])


def _read(value: Value, public_key: str) -> tuple[SignedReading, str]:
    if value.text.startswith("OCMF"):
        return read_ocmf(value.text, public_key), value.transaction
    if value.text.startswith("AP;"):
        return read_alfen(value.text, public_key)
    declared = word(value.format) or _guess(value.text)
    reason = f"{declared or 'this kind of data'} is not verified here"
    return SignedReading(format=declared, verdict="unsupported", reason=reason), ""


def _guess(text: str) -> str:
    start = text[:200].lower().replace(" ", "")
    if start.startswith("1b1b1b1b"):
        return "SML"
    return "XML-EDL" if "signedmetervalue" in start else ""
