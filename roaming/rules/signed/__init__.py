"""Signed meter data: find the records in a text, verify them, tell what they say."""

from roaming.rules.signed.reading import SignedReading, Verdict
from roaming.rules.signed.signed_data import read_signed_data

__all__ = ["SignedReading", "Verdict", "read_signed_data"]
