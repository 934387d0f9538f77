"""Small true files of each kind of evidence, and hostile ones with the code each gets."""

import io
import json
import struct
import zipfile
import zlib


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png() -> bytes:
    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(b"\x00\xff\x00\x00")
    chunks = (_chunk(b"IHDR", head), _chunk(b"IDAT", pixel), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def pdf(body: bytes = b"") -> bytes:
    objects = (
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj"
    )
    return b"%PDF-1.7\n" + objects + body + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0", b"\0" * 10_000_000)
    return packed.getvalue()


JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x01" * 40 + b"\xff\xd9"
CSV = b"evse;kwh\nDE*NLX*E1001*1;18.4\n"
JSON = json.dumps({"kwh": "18.400", "note": "as metered"}).encode()
XML = b'<?xml version="1.0"?><values><value>18.4</value></values>'
OCMF = b'OCMF|{"FV":"1.0","GI":"meter"}|{"SD":"3045"}'
TRUE = [
    ("meter.pdf", pdf(), "application/pdf"),
    ("photo.PNG", png(), "image/png"),
    ("photo.jpeg", JPEG, "image/jpeg"),
    ("log.csv", CSV, "text/csv"),
    ("values.json", JSON, "application/json"),
    ("values.xml", XML, "application/xml"),
    ("values.ocmf", OCMF, "text/plain"),
]
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
_LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>'
HOSTILE = [
    ("empty.pdf", b"", "FILE_EMPTY"),
    ("blank.csv", b" \n\n ", "FILE_EMPTY"),
    ("page.html", b"<html><script>alert(1)</script></html>", "FILE_ACTIVE"),
    ("page.csv", b"a;b\n<script>alert(1)</script>;2\n", "FILE_ACTIVE"),
    ("drawing.svg", _SVG, "FILE_ACTIVE"),
    ("drawing.xml", b'<?xml version="1.0"?>' + _SVG, "FILE_ACTIVE"),
    ("styled.xml", b'<?xml-stylesheet href="x"?><a/>', "FILE_ACTIVE"),
    ("laughs.xml", _LAUGHS, "FILE_ACTIVE"),
    ("laughs.xml", _LAUGHS.replace(b"<!DOCTYPE", b"<!\tDOCTYPE"), "FILE_BROKEN"),
    ("cut.xml", b"<values><value>", "FILE_BROKEN"),
    ("deep.json", b"[" * 200_000, "FILE_BROKEN"),
    ("cut.json", b'{"kwh": ', "FILE_BROKEN"),
    ("bomb.pdf", zip_bomb(), "FILE_TYPE_NOT_TAKEN"),
    ("both.pdf", pdf() + zip_bomb(), "FILE_TYPE_NOT_TAKEN"),
    ("both.png", png() + zip_bomb(), "FILE_TYPE_NOT_TAKEN"),
    ("tail.png", png() + b"<script>alert(1)</script>", "FILE_BROKEN"),
    ("tail.jpg", JPEG + b"<script>alert(1)</script>", "FILE_BROKEN"),
    ("tail.pdf", pdf() + b"\x7fELF", "FILE_BROKEN"),
    ("cut.png", png()[:-4], "FILE_BROKEN"),
    ("script.pdf", pdf(b"3 0 obj<</S/JavaScript/JS(app.alert(1))>>endobj"), "FILE_ACTIVE"),
    ("program.pdf", b"\x7fELF\x02\x01\x01" + b"\0" * 60, "FILE_TYPE_NOT_TAKEN"),
    ("program.exe", b"MZ\x90\x00" + b"\0" * 60, "FILE_TYPE_NOT_TAKEN"),
    ("script.sh", b"#!/bin/sh\nrm -rf /\n", "FILE_TYPE_NOT_TAKEN"),
    ("prose.txt", b"just words", "FILE_TYPE_NOT_TAKEN"),
    ("utf16.csv", "a;b\n1;2".encode("utf-16"), "FILE_TYPE_NOT_TAKEN"),
    ("nul.csv", b"a;b\x00\n", "FILE_TYPE_NOT_TAKEN"),
    ("photo.pdf", png(), "FILE_NAME_MISLEADS"),
    ("invoice.pdf.exe", pdf(), "FILE_NAME_MISLEADS"),
    ("invoice\u202efdp.exe", pdf(), "FILE_NAME_MISLEADS"),
    ("log.csv.html", CSV, "FILE_NAME_MISLEADS"),
    ("noending", pdf(), "FILE_NAME_MISLEADS"),
]
