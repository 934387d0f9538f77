"""Which files are taken as evidence, judged by their content: the name may say anything.

Nothing is unpacked or rendered here. What could run or could be two kinds at once is refused.
"""

import json
import re
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
CSV, JSON, XML, TEXT = "text/csv", "application/json", "application/xml", "text/plain"
# The endings that fit each kind; the first one is given to a file that came without a name.
ENDINGS: Mapping[str, tuple[str, ...]] = {
    PDF: (".pdf",),
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg"),
    CSV: (".csv",),
    JSON: (".json",),
    XML: (".xml",),
    TEXT: (".ocmf", ".txt"),
}
KINDS_IN_WORDS = "PDF, PNG, JPEG, CSV, JSON, XML or OCMF"
LONGEST_NAME = 120
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
# The end of a ZIP archive is looked for from behind, so it may hide behind any other kind.
_ZIP_END, _ZIP_REACH = b"PK\x05\x06", 65_557
_ACTIVE_PDF = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)\b|/AA\s*<<", re.IGNORECASE
)
_MARKUP = re.compile(
    r"<\s*(?:!doctype|html|head|body|script|svg|iframe|object|embed|img|style)\b"
    r"|<\?(?:php|xml-stylesheet)|javascript:",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """What a file is, and the name under which it is kept and handed out."""

    file_name: str
    media_type: str


class EvidenceRefused(Exception):
    """The file is not taken; ``code`` says why, the text what to do."""

    def __init__(self, code: str, text: str):
        super().__init__(text)
        self.code = code


def check_file(name: str, content: bytes, *, limit_bytes: int) -> EvidenceFile:
    """Judge one file.

    :raises EvidenceRefused: empty, too large, of a kind that is not taken, broken, with active
        content, or with a name that says something else than the content.
    """
    if not content.strip():
        raise EvidenceRefused("FILE_EMPTY", "The file is empty.")
    if len(content) > limit_bytes:
        raise EvidenceRefused(
            "FILE_TOO_LARGE", f"A file has at most {limit_bytes:,} bytes; send what proves it."
        )
    if _ZIP_END in content[-_ZIP_REACH:]:
        raise _not_taken("it holds an archive")
    media_type = _kind_of(content)
    file_name = clean_name(name) or f"evidence{ENDINGS[media_type][0]}"
    if not file_name.lower().endswith(ENDINGS[media_type]):
        endings = " or ".join(ENDINGS[media_type])
        raise EvidenceRefused(
            "FILE_NAME_MISLEADS",
            f"The content is {media_type}, but the name does not end in {endings}: rename it.",
        )
    return EvidenceFile(file_name, media_type)


def clean_name(name: str) -> str:
    """The last part of ``name``, without what could lead elsewhere or show another ending."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    visible = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    plain = re.sub(r'[<>:"|?*;%\s]+', "_", visible).strip("._ ")
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    stem, dot, ending = plain.rpartition(".")
    if not dot:
        return plain[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}" if len(ending) <= 10 else ""


def _kind_of(content: bytes) -> str:
    for head, check, media_type in _BINARY:
        if content.startswith(head):
            check(content)
            return media_type
    return _kind_of_text(content)


def _check_pdf(content: bytes) -> None:
    body = content.rstrip()
    if not body.endswith(b"%%EOF"):
        raise _broken("a PDF ends in %%EOF; what comes after it is not taken")
    if _ACTIVE_PDF.search(content):
        raise EvidenceRefused(
            "FILE_ACTIVE", "The PDF holds scripts or other files: print it to a plain PDF."
        )


def _check_png(content: bytes) -> None:
    """Chunk by chunk to IEND, and nothing behind it."""
    at = len(_PNG_HEAD)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        kind = content[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(content):
            break
        if zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end]):
            break
        if kind == b"IEND":
            if end == len(content):
                return
            break
        at = end
    raise _broken("the PNG is cut off, damaged, or something follows it")


def _check_jpeg(content: bytes) -> None:
    if not content.endswith(b"\xff\xd9"):
        raise _broken("the JPEG is cut off, or something follows it")


_BINARY: tuple[tuple[bytes, Callable[[bytes], None], str], ...] = (
    (b"%PDF-", _check_pdf, PDF),
    (_PNG_HEAD, _check_png, PNG),
    (b"\xff\xd8\xff", _check_jpeg, JPEG),
)


def _kind_of_text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _not_taken("it is none of these") from None
    if _CONTROL.search(text):
        raise _not_taken("it is none of these")
    if _MARKUP.search(text):
        raise EvidenceRefused("FILE_ACTIVE", "Pages, drawings and scripts are not taken.")
    head = text.lstrip()
    if head.startswith("<"):
        return _checked_xml(content)
    if head.startswith("OCMF|"):
        return TEXT
    if head.startswith(("{", "[")):
        return _checked_json(text)
    first = head.splitlines()[0]
    if any(mark in first for mark in ",;\t"):
        return CSV
    raise _not_taken("it is none of these")


def _checked_xml(content: bytes) -> str:
    try:
        fromstring(content, forbid_dtd=True)
    except (DefusedXmlException, ParseError, ValueError, LookupError):
        raise _broken("the XML cannot be read, or declares a DTD") from None
    return XML


def _checked_json(text: str) -> str:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise _broken("the JSON cannot be read") from None
    return JSON


def _not_taken(why: str) -> EvidenceRefused:
    return EvidenceRefused("FILE_TYPE_NOT_TAKEN", f"Send {KINDS_IN_WORDS}: {why}.")


def _broken(why: str) -> EvidenceRefused:
    return EvidenceRefused("FILE_BROKEN", f"Send the file again: {why}.")
