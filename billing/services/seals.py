"""The house's seal (PAdES) on its documents: optional, set by a certificate with its key.

A sealed PDF names who made it and shows any later change. What is stored is the sealed file, once.
Source: ETSI EN 319 142-1, baseline B-B; without a time-stamping authority the time is ours.
"""

import io
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

FIELD = "Seal"


class SealNotReadable(Exception):
    """The certificate that settings name cannot be read: nothing leaves unsealed meanwhile."""


def sealed(pdf: bytes) -> bytes:
    """The PDF with the house's seal, or as it is where no certificate is set.

    The seal is invisible and written as an update: the bytes before it stay as they were.

    :raises SealNotReadable: the file is missing, or its password is wrong.
    """
    if not settings.SEAL_CERTIFICATE:
        return pdf
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import PdfSignatureMetadata, sign_pdf
    from pyhanko.sign.fields import SigSeedSubFilter

    signer = _signer(settings.SEAL_CERTIFICATE, settings.SEAL_PASSWORD)

    class AsItWas(IncrementalPdfFileWriter):
        """Leaves the metadata alone: pyHanko's spelling of them is not Factur-X's."""

        def _update_meta(self) -> None:
            return

    writer = AsItWas(io.BytesIO(pdf), strict=False)
    output = sign_pdf(
        writer,
        PdfSignatureMetadata(
            field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
        ),
        signer=signer,
    )
    return output.getvalue()


@cache
def _signer(path: str, password: str) -> Any:
    """Read once per process: PKCS #12 is slow to open on purpose."""
    from pyhanko.sign import SimpleSigner

    if not Path(path).is_file():
        raise SealNotReadable(f"There is no certificate at {path}.")
    signer = SimpleSigner.load_pkcs12(path, passphrase=password.encode() or None)
    if signer is None:
        raise SealNotReadable(f"The certificate at {path} does not open with SEAL_PASSWORD.")
    return signer
